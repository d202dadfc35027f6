// Package authrequest is nginx's ngx_http_auth_request_module.
package authrequest
