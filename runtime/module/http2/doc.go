// Package http2 has the directives of nginx's ngx_http_v2_module. Requests are
// served as HTTP/1.1, see ADR 9. The values of the directives are checked as in nginx.
//
//	http2 on; # accepted with a warning
//
// Not supported: the protocol.
package http2
