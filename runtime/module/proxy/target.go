package proxy

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
)

// target is a proxy_pass: where a location's requests go, with all that the
// location's settings say about it. Immutable once it serves.
type target struct {
	pass.Target
	mod  *module
	conf *settings

	location []byte // what the URI part replaces; nil where it cannot
	rewrites *rewrites
}

// form is how the address of proxy_pass is written.
var form = pass.Form{URI: true, Schemes: []pass.Scheme{
	{Prefix: "http://", Port: 80},
	{Prefix: "https://", Port: 443, TLS: true},
}}

// setPass handles proxy_pass.
func (m *module) setPass(c *settings, cmd *conf.Cmd) error {
	t := &target{mod: m}
	c.pass.Set(cmd.Block, t)
	l := m.b.Location(cmd.Block)
	l.AutoRedirect()
	m.b.SetPass(cmd, t.handle)
	var err error
	if t.Target, err = m.ups.Target(m.b, cmd, &form); err != nil {
		return err
	}
	m.tls.Add(cmd.Block, &t.Target)
	m.ups.SetProber(cmd.Block, &t.Target, t)
	if t.Value != nil {
		return nil
	}
	if l.Named || l.Regex != nil || l.NoName {
		if len(t.Addr.URI) > 0 {
			return cmd.Errorf(`"proxy_pass" cannot have URI part in location given by regular expression, ` +
				`or inside named location, or inside "if" statement, or inside "limit_except" block`)
		}
		return nil
	}
	t.location = []byte(l.Name)
	return nil
}

// handle is the content handler.
func (t *target) handle(r *httpd.Request) httpd.Result {
	c := newCall(t)
	c.Begin(r, c)
	*r.Ctx(t.mod.slot) = t.mod
	if rc := c.SetTarget(&t.Target); rc != httpd.OK {
		return rc
	}
	if rc := c.readBody(); rc != httpd.OK {
		return rc
	}
	return c.Run()
}

// Probe implements pass.Prober. The request is sent with the URI that it has, whatever
// the URI part of the target says.
func (t *target) Probe(r *httpd.Request) *pass.Exchange {
	c := newCall(t)
	c.Begin(r, c)
	*r.Ctx(t.mod.slot) = t.mod
	to := t.Addr
	to.URI = nil
	c.To, c.TLS, c.NoBody, c.length = &to, t.TLS, true, -1
	return &c.Exchange
}
