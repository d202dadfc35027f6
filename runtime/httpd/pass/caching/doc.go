// Package caching is what the caches of all *_pass modules know about HTTP: the
// directives, which responses may be kept and for how long, variants by Vary, and
// what a purge request asks for. It stands for the parts of nginx's
// ngx_http_upstream.c and ngx_http_file_cache.c that judge and do not store; the
// store is package cache, and package pass brings the two together.
//
//	proxy_cache_path /var/cache/site levels=1:2 keys_zone=site:10m max_size=1g;
//	location / {
//		proxy_pass http://app;
//		proxy_cache site;
//		proxy_cache_valid 200 10m;
//	}
//
// [Fresh] judges responses by nginx's rules, [RFC9111] by RFC 9111 where *_cache_rfc9111
// is on (docs/adr/0047).
//
// Different from nginx: docs/adr/0041.
package caching
