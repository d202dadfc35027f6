// Package ssl is nginx's ngx_http_ssl_module.
package ssl
