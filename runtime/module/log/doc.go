// Package log is nginx's ngx_http_log_module.
package log
