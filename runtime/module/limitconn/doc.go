// Package limitconn is nginx's ngx_http_limit_conn_module: it limits
// how many requests with the same key are served at the same time.
//
//	limit_conn_zone $binary_remote_addr zone=addr:10m;
//
//	server {
//		location /download/ {
//			limit_conn addr 1;
//		}
//	}
//
// A request counts from the time its header was read to its end. The counts are
// kept over a reload as long as a zone keeps its name, size and key. Zones
// belong to the process and are not shared with other machines.
//
// Not supported: sync, of the commercial nginx.
package limitconn
