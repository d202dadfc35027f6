package memcached

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_memcached_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_memcached_module", Register: register}
}

const prefix = "memcached"

// settings are the directives of a block.
type settings struct {
	pass.Settings
	gzipFlag int // memcached_gzip_flag: the bits of a value's flags by which it is compressed, 0: none

	pass conf.Slot[*target] // memcached_pass; its own block's alone counts
}

// nextWords are the values of memcached_next_upstream.
var nextWords = []conf.Choice{
	{Word: "error", Value: int(pass.FailError)},
	{Word: "timeout", Value: int(pass.FailTimeout)},
	{Word: "invalid_response", Value: int(pass.FailInvalidHeader)},
	{Word: "not_found", Value: int(pass.Fail404)},
	{Word: "off", Value: int(pass.FailOff)},
}

// form is how the address of memcached_pass is written.
var form = pass.Form{Fixed: true, Schemes: []pass.Scheme{{Schema: "memcached://"}}}

// module is what one load needs.
type module struct {
	b       *httpd.Builder
	section *conf.Section[settings]
	ups     *pass.Upstreams
}

func register(b *httpd.Builder, m *conf.Module) {
	mod := &module{b: b, ups: pass.Of(b)}
	defaults := settings{Settings: pass.Defaults(b, "")}
	// What nginx has no directives for.
	defaults.Buffering, defaults.PassHeaders, defaults.PassBody = false, false, false
	defaults.InterceptErrors, defaults.Intercept404, defaults.ForceRanges = true, true, true
	mod.section = conf.NewSection(m, defaults, mod.bind)
	mod.section.Finish(m, func(_ *conf.Block, c *settings) error {
		c.FinishLeast(nil)
		return nil
	})
	b.Plan(mod.plan)
}

func (m *module) bind(c *settings, t *conf.Table) {
	c.Least(m.b, t, prefix, nextWords)
	t.Num("memcached_gzip_flag", &c.gzipFlag)
	t.Func("memcached_pass", func(cmd *conf.Cmd) error { return m.setPass(c, cmd) })
}

// setPass handles memcached_pass.
func (m *module) setPass(c *settings, cmd *conf.Cmd) error {
	t := &target{}
	c.pass.Set(cmd.Block, t)
	m.b.Location(cmd.Block).AutoRedirect()
	m.b.SetPass(cmd, t.handle)
	var err error
	if t.Target, err = m.ups.Target(m.b, cmd, &form); err != nil {
		return err
	}
	t.key, err = m.b.Vars.Compile("$memcached_key")
	return err
}

// plan completes the handler of a location.
func (m *module) plan(p *httpd.Plan) {
	if c := m.section.Of(p.Block); c.pass.V != nil && c.pass.SetAt(p.Block) {
		c.pass.V.conf = c
	}
}

// target is a memcached_pass: where a location's requests go, with all that the location's settings say about it. Immutable
// once it serves.
type target struct {
	pass.Target
	conf *settings
	key  *script.Value // $memcached_key
}

// handle is the content handler.
func (t *target) handle(r *httpd.Request) httpd.Result {
	if r.Method&(h1.Get|h1.Head) == 0 {
		return httpd.StatusNotAllowed
	}
	if rc := r.DiscardBody(); rc != httpd.OK {
		return rc
	}
	r.SetContentType()
	c := calls.Get().(*call)
	c.target = t
	c.S, c.Tag, c.Protocol, c.NoBody = &t.conf.Settings, t, prefix, true
	c.Begin(r, c)
	if rc := c.SetTarget(&t.Target); rc != httpd.OK {
		return rc
	}
	return c.Run()
}
