// Package limitreq is nginx's ngx_http_limit_req_module: it limits the
// rate of requests with the same key. Requests above the rate are delayed, those above
// the burst are refused.
//
//	limit_req_zone $binary_remote_addr zone=one:10m rate=1r/s;
//
//	server {
//		location /search/ {
//			limit_req zone=one burst=5 delay=3;
//			limit_req_status 429;
//		}
//	}
//
// Requests are counted as in a leaky bucket, in thousandths. The counts are kept
// over a reload as long as a zone keeps its name, size and key. Zones belong to
// the process.
//
// Not supported: sync, of the commercial nginx.
package limitreq
