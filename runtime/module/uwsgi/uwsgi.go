package uwsgi

import (
	"errors"
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/gateway"
	"github.com/sluiceproxy/sluice/runtime/wire/uwsgi"
)

// Module is ngx_http_uwsgi_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_uwsgi_module", Register: register}
}

// form is how the address of uwsgi_pass is written.
var form = pass.Form{Schemes: []pass.Scheme{
	{Prefix: "uwsgi://"},
	{Prefix: "suwsgi://", TLS: true},
	{Schema: "uwsgi://"},
}}

// hidden are the fields of a response that stay here by default.
var hidden = []string{"X-Accel-Expires", "X-Accel-Redirect", "X-Accel-Limit-Rate", "X-Accel-Buffering", "X-Accel-Charset"}

// packet is what the directives of a block say about the packets of requests.
type packet struct {
	modifier1, modifier2 int    // uwsgi_modifier1, uwsgi_modifier2
	text                 string // uwsgi_string: stands behind the variables
}

func register(b *httpd.Builder, m *conf.Module) {
	section := conf.NewSection(m, packet{}, func(s *packet, t *conf.Table) {
		t.Int("uwsgi_modifier1", &s.modifier1, 0, 255)
		t.Int("uwsgi_modifier2", &s.modifier2, 0, 255)
		t.Str("uwsgi_string", &s.text)
	})
	gateway.Register(b, m, &gateway.Protocol{
		Prefix: "uwsgi", Form: &form, Temp: b.Loader.Layout.UwsgiTemp, Hidden: hidden, TLS: true,
		AppendParam: uwsgi.AppendPair,
		Encoder:     func(block *conf.Block) gateway.Encoder { return section.Of(block) },
	})
}

var errTooBig = errors.New("request is too big")

// AppendRequest implements gateway.Encoder.
func (p *packet) AppendRequest(r *httpd.Request, params func(dst []byte) []byte, dst []byte) ([]byte, error) {
	b, at := uwsgi.Begin(dst, byte(p.modifier1), byte(p.modifier2))
	b = append(params(b), p.text...)
	if n, ok := uwsgi.End(b, at); !ok {
		r.Logf(errlog.Alert, nil, "uwsgi request is too big: %d", n)
		return b, errTooBig
	}
	return b, nil
}

// Lines implements gateway.Encoder.
func (p *packet) Lines(request []byte) []string {
	lines := []string{}
	if p.modifier1 != 0 || p.modifier2 != 0 {
		lines = append(lines, "modifiers "+strconv.Itoa(p.modifier1)+" "+strconv.Itoa(p.modifier2))
	}
	sent, _, _ := uwsgi.Parse(request)
	for {
		name, value, ok := sent.Next()
		if !ok {
			return lines
		}
		lines = append(lines, string(name)+"="+string(value))
	}
}
