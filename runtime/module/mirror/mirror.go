package mirror

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Module is ngx_http_mirror_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_mirror_module", Register: register}
}

type settings struct {
	uris conf.List[[]byte]
	off  bool // mirror off, here
	body bool
}

func bind(c *settings, t *conf.Table) {
	t.Func("mirror", func(cmd *conf.Cmd) error {
		given := c.uris.SetAt(cmd.Block)
		switch {
		case cmd.Arg(0) != "off" && !(given && c.off):
			c.uris.Add(cmd.Block, []byte(cmd.Arg(0)))
			c.off = false
		case given:
			return cmd.Bad("is duplicate")
		default:
			c.uris.Claim(cmd.Block)
			c.off = true
		}
		return nil
	})
	t.Flag("mirror_request_body", &c.body)
}

func register(b *httpd.Builder, m *conf.Module) {
	section := conf.NewSection(m, settings{body: true}, bind)
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); len(c.uris.Items) > 0 {
			p.PreContent(c.mirror)
		}
	})
}

// mirror starts the copies of a request.
func (c *settings) mirror(r *httpd.Request) httpd.Result {
	if r.Parent() != nil {
		return httpd.Declined
	}
	if c.body {
		if rc := r.ReadBody(); rc != httpd.OK {
			return rc
		}
	}
	r.Background(c.uris.Items, c.body)
	return httpd.Declined
}
