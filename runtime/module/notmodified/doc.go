// Package notmodified is nginx's ngx_http_not_modified_filter_module.
package notmodified
