// Package mirror is nginx's ngx_http_mirror_module: requests are repeated at
// another location, whose answers are dropped.
//
//	location / {
//		mirror /mirror;
//		proxy_pass http://backend;
//	}
//	location = /mirror {
//		internal;
//		proxy_pass http://test_backend$request_uri;
//	}
//
// A mirror runs beside its request with a copy of it, so that a slow one delays
// neither the response nor the connection's next request; in nginx the next
// request waits for it.
package mirror
