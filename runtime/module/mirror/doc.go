// Package mirror is nginx's ngx_http_mirror_module: copies of a request are
// sent elsewhere in the background, and their answers are dropped.
//
//	location / {
//	    mirror     /mirror;
//	    proxy_pass http://backend;
//	}
//	location = /mirror {
//	    internal;
//	    proxy_pass http://test_backend$request_uri;
//	}
//
// A mirror has the request's method and arguments. While mirror_request_body
// is on, as it is unless said otherwise, the client's body is read before
// anything is sent, so that every copy carries it.
package mirror
