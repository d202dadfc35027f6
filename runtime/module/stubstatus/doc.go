// Package stubstatus is nginx's ngx_http_stub_status_module.
package stubstatus
