// Package headers is nginx's ngx_http_headers_module.
package headers
