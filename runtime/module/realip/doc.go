// Package realip is nginx's ngx_http_realip_module.
package realip
