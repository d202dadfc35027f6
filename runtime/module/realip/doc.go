// Package realip takes the client's address from what a trusted proxy says of
// it: nginx's ngx_http_realip_module.
//
//	set_real_ip_from  10.0.0.0/8;
//	set_real_ip_from  unix:;
//	real_ip_header    X-Forwarded-For;
//	real_ip_recursive on;
//
// The address is replaced once per request: when the header was read, as the
// server says, or else when the location is known, as that says. It holds to
// the end of the request, the access log included. $realip_remote_addr and
// $realip_remote_port keep the peer's own.
package realip
