package scgi

import (
	"errors"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/gateway"
	"github.com/sluiceproxy/sluice/runtime/wire/scgi"
)

// Module is ngx_http_scgi_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_scgi_module", Register: register}
}

// form is how the address of scgi_pass is written.
var form = pass.Form{Schemes: []pass.Scheme{{Schema: "scgi://"}}}

// hidden are the fields of a response that stay here by default.
var hidden = []string{
	"Status", "X-Accel-Expires", "X-Accel-Redirect", "X-Accel-Limit-Rate", "X-Accel-Buffering", "X-Accel-Charset",
}

func register(b *httpd.Builder, m *conf.Module) {
	gateway.Register(b, m, &gateway.Protocol{
		Prefix: "scgi", Form: &form, Temp: b.Loader.Layout.ScgiTemp, Hidden: hidden,
		AppendParam: appendPair,
		Encoder:     func(*conf.Block) gateway.Encoder { return encoder{} },
	})
}

// appendPair is a pass.AppendParam.
func appendPair(dst, name, value []byte) []byte {
	b, ok := scgi.AppendPair(dst, name, value)
	if !ok {
		return nil
	}
	return b
}

// encoder writes requests.
type encoder struct{}

var errNUL = errors.New("NUL in a parameter")

// AppendRequest implements gateway.Encoder.
func (encoder) AppendRequest(r *httpd.Request, params func(dst []byte) []byte, dst []byte) ([]byte, error) {
	b, at := scgi.Begin(dst, max(r.In.ContentLength, 0))
	if b = params(b); b == nil {
		r.Errorf(nil, "scgi request has a NUL in a parameter")
		return dst, errNUL
	}
	return scgi.End(b, at), nil
}

// Lines implements gateway.Encoder.
func (encoder) Lines(request []byte) []string {
	lines := []string{}
	headers, _, _ := scgi.Parse(request)
	for {
		name, value, rest, ok := scgi.Next(headers)
		if !ok {
			return lines
		}
		lines = append(lines, string(name)+"="+string(value))
		headers = rest
	}
}
