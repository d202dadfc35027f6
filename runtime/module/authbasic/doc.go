// Package authbasic is nginx's ngx_http_auth_basic_module.
package authbasic
