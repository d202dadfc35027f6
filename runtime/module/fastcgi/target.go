package fastcgi

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
)

// target is a fastcgi_pass: where a location's requests go, with all that the location's settings say about it. Immutable
// once it serves.
type target struct {
	pass.Target
	mod  *module
	conf *settings
}

// form is how the address of fastcgi_pass is written.
var form = pass.Form{Schemes: []pass.Scheme{{Schema: "fastcgi://"}}}

// setPass handles fastcgi_pass.
func (m *module) setPass(c *settings, cmd *conf.Cmd) error {
	t := &target{mod: m}
	c.pass.Set(cmd.Block, t)
	m.b.Location(cmd.Block).AutoRedirect()
	m.b.SetPass(cmd, t.handle)
	var err error
	t.Target, err = m.ups.Target(m.b, cmd, &form)
	return err
}

// handle is the content handler.
func (t *target) handle(r *httpd.Request) httpd.Result {
	c := newCall(t)
	c.S, c.Tag, c.Protocol, c.Framing = &t.conf.Settings, t, "fastcgi", records{}
	c.NoBody = !t.conf.PassBody
	c.Begin(r, c)
	*r.Ctx(t.mod.slot) = &c.parts // the path may have changed since its parts were asked for
	if rc := c.SetTarget(&t.Target); rc != httpd.OK {
		return rc
	}
	if rc := c.ReadBody(true); rc != httpd.OK {
		return rc
	}
	return c.Run()
}
