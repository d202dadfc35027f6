// Package realip takes the client's address from a field or PROXY header of a trusted
// proxy: nginx's ngx_http_realip_module.
//
//	set_real_ip_from  10.0.0.0/8;
//	set_real_ip_from  unix:;
//	real_ip_header    X-Forwarded-For;
//	real_ip_recursive on;
//
// The address is replaced once per request: when the header was read, by the server's
// settings, or else when the location is known, by the location's. The new address is
// used to the end of the request, the access log included. $realip_remote_addr and
// $realip_remote_port keep the peer's own.
package realip
