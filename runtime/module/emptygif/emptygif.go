package emptygif

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_empty_gif_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_empty_gif_module", Register: register}
}

func register(b *httpd.Builder, m *conf.Module) {
	m.Directive("empty_gif", func(c *conf.Cmd) error {
		b.SetContent(c, handle)
		return nil
	})
}

// modified is the image's Last-Modified: 28 September 1970.
const modified = 23349600

var (
	contentType = []byte("image/gif")
	image       = []byte("GIF89a" +
		"\x01\x00\x01\x00\x80\x01\x00" + // screen: 1x1, a color table of two
		"\x00\x00\x00\xff\xff\xff" + // black, white
		"\x21\xf9\x04\x01\x00\x00\x01\x00" + // color 1 is transparent
		"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00" + // an image of 1x1
		"\x02\x02\x4c\x01\x00" + // its pixel, LZW coded
		";")
)

func handle(r *httpd.Request) httpd.Result {
	if r.Method&(h1.Get|h1.Head) == 0 {
		return httpd.StatusNotAllowed
	}
	r.Out.LastModified = modified
	return r.Respond(200, contentType, image)
}
