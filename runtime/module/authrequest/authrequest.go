package authrequest

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_auth_request_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_auth_request_module", Register: register}
}

type settings struct {
	uri  []byte // nil: off
	vars conf.List[assignment]
}

// assignment is one auth_request_set: a variable and what it becomes.
type assignment struct {
	index int
	value *script.Value
}

func register(b *httpd.Builder, m *conf.Module) {
	section := conf.NewSection(m, settings{}, func(c *settings, t *conf.Table) {
		t.Func("auth_request", func(cmd *conf.Cmd) error {
			c.uri = []byte(cmd.Arg(0))
			if cmd.Arg(0) == "off" {
				c.uri = nil
			}
			return nil
		})
		t.Func("auth_request_set", func(cmd *conf.Cmd) error { return c.set(b, cmd) })
	})
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); len(c.uri) > 0 {
			p.Access(c.check)
		}
	})
}

// set reads auth_request_set.
func (c *settings) set(b *httpd.Builder, cmd *conf.Cmd) error {
	name, ok := strings.CutPrefix(cmd.Arg(0), "$")
	if !ok {
		return cmd.Errorf(`invalid variable name "%s"`, cmd.Arg(0))
	}
	none := httpd.Var{Get: func(*httpd.Request, string) ([]byte, bool) { return nil, false }}
	if _, err := b.Vars.Add(name, none, true); err != nil {
		return cmd.Errorf("%s", err.Error())
	}
	v, err := b.Value(cmd, 1)
	if err != nil {
		return err
	}
	c.vars.Add(cmd.Block, assignment{b.Vars.Index(name), v})
	return nil
}

// check runs the subrequest that decides.
func (c *settings) check(r *httpd.Request) httpd.Result {
	s, rc := r.Subrequest(c.uri, nil, httpd.SubOptions{HeaderOnly: true, NoBody: true})
	if s == nil {
		return rc
	}
	defer s.Release()
	if r.Failed() {
		return httpd.Error
	}
	for i := range c.vars.Items {
		a := &c.vars.Items[i]
		r.SetVar(a.index, r.Copy(a.value.Eval(s)))
	}
	switch status := s.Out.Status; {
	case status == int(httpd.StatusForbidden):
		return httpd.StatusForbidden
	case status == int(httpd.StatusUnauthorized):
		challenge(r, s)
		return httpd.StatusUnauthorized
	case status >= 200 && status < 300:
		return httpd.OK
	default:
		r.Errorf(nil, "auth request unexpected status: %d", status)
		return httpd.StatusInternalServerError
	}
}

// challenge copies the WWW-Authenticate fields of the deciding response, or else
// those of its upstream server that proxy_hide_header has removed.
func challenge(r, s *httpd.Request) {
	found := false
	for i := range s.Out.List {
		if f := &s.Out.List[i]; f.ID == h1.WWWAuthenticate && !f.Hidden {
			r.Out.Add(h1.WWWAuthenticate, r.Copy(f.Name), r.Copy(f.Value))
			found = true
		}
	}
	x, passed := s.Upstream().(*pass.Exchange)
	if found || !passed {
		return
	}
	for i := range x.Response.Fields {
		if f := &x.Response.Fields[i]; f.ID == h1.WWWAuthenticate {
			r.Out.Add(h1.WWWAuthenticate, r.Copy(f.Name), r.Copy(f.Value))
		}
	}
}
