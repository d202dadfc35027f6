// Package gzipstatic is nginx's ngx_http_gzip_static_module.
package gzipstatic
