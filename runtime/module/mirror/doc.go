// Package mirror is nginx's ngx_http_mirror_module.
package mirror
