// Package access is nginx's ngx_http_access_module.
package access
