// Package healthcheck is nginx's ngx_http_upstream_hc_module: checks are sent to the servers of an
// upstream block at intervals, and requests are passed only to servers that pass them.
//
//	upstream backend {
//		zone backend 64k;
//		server 192.0.2.1;
//		server 192.0.2.2;
//	}
//	match ok {
//		status 200-299;
//		body ~ "ready";
//	}
//	server {
//		location / {
//			proxy_pass http://backend;
//			health_check interval=2s fails=3 uri=/health match=ok;
//		}
//	}
//
// A check is a request of the location, with its proxy_set_header, timeouts and
// proxy_ssl_* settings, that package pass sends to one peer; it has no client. A
// goroutine runs for each check under way, and a timer waits for the next one. A
// peer is healthy if all checks of its group pass.
//
// The health of a peer is carried over a reload (package upstream). After a reload a check
// with mandatory starts again, with mandatory and persistent only for peers that were not
// healthy. A peer is healthy again when a
// configuration without checks of its group takes effect.
//
// Groups of proxy_pass and grpc_pass are checked, the latter also with type=grpc, by a call of gRPC's health checking protocol.
package healthcheck
