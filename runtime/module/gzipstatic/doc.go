// Package gzipstatic is nginx's ngx_http_gzip_static_module: a file that lies
// beside the wanted one with ".gz" added is sent in its place.
//
//	location / { gzip_static on; }
//
// With "always" clients get it whether they accept gzip or not.
package gzipstatic
