// Package gzipstatic is nginx's ngx_http_gzip_static_module: the file
// with the requested name and ".gz" is sent in place of the requested one.
//
//	location / { gzip_static on; }
//
// With "always" it is sent whether the client accepts gzip or not.
package gzipstatic
