// Package proxy passes requests to other servers over http: nginx's
// ngx_http_proxy_module and ngx_http_proxy_v2_module, speaking HTTP/1.0, 1.1 and 2 (package h2peer). What it shares with the
// other *_pass modules (upstream blocks, retries, buffering, TLS) is in package
// pass.
//
//	location /app/ {
//		proxy_pass http://127.0.0.1:8080/;
//		proxy_set_header Host $host;
//		proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
//		proxy_redirect default;
//	}
//
// Our own: proxy_protocol, see docs/adr/0046; proxy_cache_rfc9111, see docs/adr/0047.
//
// Not supported: of the directives of the commercial version
// all but proxy_cache_purge; of proxy_ssl_conf_command all but protocols, ciphers and
// certificates.
package proxy
