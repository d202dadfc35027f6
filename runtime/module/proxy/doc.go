// Package proxy is nginx's ngx_http_proxy_module.
package proxy
