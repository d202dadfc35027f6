// Package emptygif is nginx's ngx_http_empty_gif_module.
package emptygif
