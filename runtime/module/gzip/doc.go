// Package gzip is nginx's ngx_http_gzip_module.
package gzip
