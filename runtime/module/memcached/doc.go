// Package memcached responds with values from a memcached server: nginx's ngx_http_memcached_module. An application has to
// store the values there. What it shares with the other *_pass modules is in package pass.
//
//	location / {
//		set            $memcached_key "$uri?$args";
//		memcached_pass 127.0.0.1:11211;
//		error_page     404 502 504 = @fallback;
//	}
//
// Not supported: the directives of the commercial version.
package memcached
