// Package autoindex is nginx's ngx_http_autoindex_module.
package autoindex
