// Package securelink is nginx's ngx_http_secure_link_module.
package securelink
