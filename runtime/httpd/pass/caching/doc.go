// Package caching has the HTTP rules of the caches of all *_pass modules: the directives,
// which responses may be stored and for how long, variants by Vary, and purge requests. It
// corresponds to the parts of nginx's ngx_http_upstream.c and ngx_http_file_cache.c that
// decide and do not store. The store is package cache; package pass uses both.
//
//	proxy_cache_path /var/cache/site levels=1:2 keys_zone=site:10m max_size=1g;
//	location / {
//		proxy_pass http://app;
//		proxy_cache site;
//		proxy_cache_valid 200 10m;
//	}
//
// [Fresh] decides by nginx's rules, [RFC9111] by RFC 9111 where *_cache_rfc9111
// is on (docs/adr/0047).
//
// Different from nginx: docs/adr/0041.
package caching
