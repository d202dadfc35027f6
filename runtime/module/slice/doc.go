// Package slice is ngx_http_slice_module: a response is requested in slices of one size, each
// by a request of its own, so that each can be cached by itself.
//
//	location / {
//		slice 1m;
//		proxy_cache cache;
//		proxy_cache_key $uri$is_args$args$slice_range;
//		proxy_set_header Range $slice_range;
//		proxy_cache_valid 200 206 1h;
//		proxy_pass http://app;
//	}
//
// The first slice is the response to the request itself. The others are responses to
// subrequests, one after the other, which are copies of the request. The client's range is cut
// out of the slices.
//
// Different from nginx: a slice whose body is not as long as its range ends the response and the connection. nginx goes on with
// the next slice, in the wrong place, and keeps the connection.
package slice
