// Package stubstatus is nginx's ngx_http_stub_status_module: a page with the
// numbers of connections and requests, and the $connections_ variables.
//
//	location = /status { stub_status; }
package stubstatus
