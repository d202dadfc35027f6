// Package mirror is nginx's ngx_http_mirror_module: requests are repeated at
// another location, whose responses are dropped.
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
// A mirror subrequest runs concurrently with a copy of its request: a slow one delays
// neither the response nor the next request of the connection. In nginx the next
// request waits for it.
package mirror
