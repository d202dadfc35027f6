// Package maps is nginx's ngx_http_map_module.
package maps
