// Package uwsgi passes requests to applications that speak the uwsgi protocol, as those behind uWSGI do: nginx's
// ngx_http_uwsgi_module. What it shares with SCGI is in package gateway, what all *_pass modules share in package pass.
//
//	location / {
//		include    uwsgi_params;
//		uwsgi_pass unix:/run/app.sock;
//	}
//
// The address may have "suwsgi://" in front: then the connection is encrypted.
//
// Our own: uwsgi_cache_rfc9111, see docs/adr/0047.
//
// Not supported: of the directives of the commercial version all but uwsgi_cache_purge.
package uwsgi
