// Package scgi passes requests to SCGI applications: nginx's ngx_http_scgi_module. What it shares with uwsgi is in package
// gateway, what all *_pass modules share in package pass.
//
//	location / {
//		include   scgi_params;
//		scgi_pass 127.0.0.1:4000;
//	}
//
// Different from nginx: a request with a NUL in a parameter is refused (docs/adr/0039).
//
// Our own: scgi_cache_rfc9111, see docs/adr/0047.
//
// Not supported: of the directives of the commercial version all but scgi_cache_purge.
package scgi
