// Package referer is nginx's ngx_http_referer_module.
package referer
