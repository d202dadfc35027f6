// Package http2 has the directives and the variable of nginx's ngx_http_v2_module. The protocol
// itself is package runtime/http2.
//
//	http2 on;
//	http2_max_concurrent_streams 64;
//
// Not supported: server push, which nginx does not have any more either.
package http2
