// Package emptygif answers with a transparent image of one pixel: nginx's
// ngx_http_empty_gif_module.
//
//	location = /pixel.gif { empty_gif; }
//
// Not supported: nothing that nginx has.
package emptygif
