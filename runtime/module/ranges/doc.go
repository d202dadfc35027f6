// Package ranges is nginx's ngx_http_range_filter_module.
package ranges
