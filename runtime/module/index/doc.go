// Package index is nginx's ngx_http_index_module.
package index
