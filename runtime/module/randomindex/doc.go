// Package randomindex is nginx's ngx_http_random_index_module.
package randomindex
