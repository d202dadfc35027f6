// Package rewrite is nginx's ngx_http_rewrite_module.
package rewrite
