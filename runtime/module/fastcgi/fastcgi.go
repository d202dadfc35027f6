package fastcgi

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/wire/fcgi"
)

// Module is ngx_http_fastcgi_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_fastcgi_module", Register: register}
}

const prefix = "fastcgi"

// settings are the directives of a block.
type settings struct {
	pass.Settings

	pass   conf.Slot[*target] // fastcgi_pass; its own block's alone counts
	index  string             // fastcgi_index
	split  *regex.Regex       // fastcgi_split_path_info, nil: the path has one part
	params pass.ParamSettings // fastcgi_param
	catch  conf.List[[]byte]  // fastcgi_catch_stderr
	keep   bool               // fastcgi_keep_conn
}

// hidden are the fields of a response that stay here by default.
var hidden = []string{
	"Status", "X-Accel-Expires", "X-Accel-Redirect", "X-Accel-Limit-Rate", "X-Accel-Buffering", "X-Accel-Charset",
}

// module is what one load needs.
type module struct {
	b       *httpd.Builder
	section *conf.Section[settings]
	ups     *pass.Upstreams
	params  *pass.ParamTable
	slot    int // of the parts of a request's path
}

func register(b *httpd.Builder, m *conf.Module) {
	mod := &module{b: b, ups: pass.Of(b), slot: b.Slot()}
	mod.params = pass.NewParamTable(b, prefix, fcgi.AppendPair, func(block *conf.Block) *pass.ParamSettings {
		return &mod.section.Of(block).params
	})
	defaults := settings{Settings: pass.Defaults(b, b.Loader.Layout.FastCGITemp)}
	pass.NewCaches(b, m, prefix, &defaults.Settings, false, false)
	mod.section = conf.NewSection(m, defaults, mod.bind)
	mod.section.Finish(m, mod.finish)
	b.EachServer(func(s *httpd.Server) error { return mod.section.Of(s.Root.Block).Temp.Default(b.Loader) })
	pass.CheckHidden(b, prefix, hidden, func(block *conf.Block) *pass.Settings { return &mod.section.Of(block).Settings })
	b.Plan(mod.plan)
	m.Partial("ignored, with nginx's warning except on FreeBSD", "fastcgi_send_lowat")
	mod.defineVars()
}

func (m *module) bind(c *settings, t *conf.Table) {
	c.Settings.Table(m.b, t, prefix, pass.GatewayNext)
	c.CacheTable(m.b, t, prefix, pass.GatewayNext)
	m.params.Bind(t, &c.params)
	t.Func("fastcgi_pass", func(cmd *conf.Cmd) error { return m.setPass(c, cmd) })
	t.Str("fastcgi_index", &c.index)
	t.Flag("fastcgi_keep_conn", &c.keep)
	t.Func("fastcgi_split_path_info", func(cmd *conf.Cmd) error { return c.setSplit(cmd) })
	t.Func("fastcgi_catch_stderr", func(cmd *conf.Cmd) error {
		c.catch.Add(cmd.Block, []byte(cmd.Arg(0)))
		return nil
	})
	t.Func("fastcgi_send_lowat", (*conf.Cmd).SendLowat)
}

// setSplit handles fastcgi_split_path_info. Its groups have numbers alone: nginx does not make variables of their names.
func (c *settings) setSplit(cmd *conf.Cmd) error {
	re, err := regex.Compile(cmd.Arg(0), false)
	switch {
	case err != nil:
		return cmd.Errorf("%s", err.Error())
	case re.NumCaptures() != 2:
		return cmd.Errorf(`pattern "%s" must have 2 captures`, cmd.Arg(0))
	}
	c.split = re
	return nil
}

// finish checks a block's settings and derives what is used at run time.
func (m *module) finish(block *conf.Block, c *settings) error {
	if m.section.Unused(block) {
		return nil
	}
	if err := c.Settings.Finish(prefix, hidden); err != nil {
		return err
	}
	return m.params.Finish(block, &c.params, c.Cache.On())
}

// plan completes the handler of a location.
func (m *module) plan(p *httpd.Plan) {
	c := m.section.Of(p.Block)
	m.b.Loader.Folder(c.Temp.Dir)
	if t := c.pass.V; t != nil && c.pass.SetAt(p.Block) {
		t.conf = c
	}
}
