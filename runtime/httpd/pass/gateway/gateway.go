package gateway

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
)

// Protocol is what distinguishes a module.
type Protocol struct {
	Prefix string     // of its directives: "uwsgi"
	Form   *pass.Form // of the address in *_pass
	Temp   string     // default of *_temp_path
	Hidden []string   // the fields of a response that stay here by default
	TLS    bool       // it has *_ssl_* directives
	// AppendParam appends a parameter to a request.
	AppendParam pass.AppendParam
	// Encoder returns what writes the requests of a location. It is called when the location's settings are complete.
	Encoder func(*conf.Block) Encoder
}

// Encoder writes requests.
type Encoder interface {
	// AppendRequest appends all of a request but its body; the parameters are appended by params. The reason of an error is logged.
	AppendRequest(r *httpd.Request, params func(dst []byte) []byte, dst []byte) ([]byte, error)
	// Lines returns what AppendRequest has written, in words.
	Lines(request []byte) []string
}

// settings are the directives of a block.
type settings struct {
	pass.Settings
	params pass.ParamSettings
	tls    pass.TLSSettings

	pass conf.Slot[*target] // *_pass; its own block's alone counts
}

// module is what one load needs.
type module struct {
	*Protocol
	b       *httpd.Builder
	section *conf.Section[settings]
	ups     *pass.Upstreams
	params  *pass.ParamTable
	tls     *pass.TLSBuilder // nil: the protocol has none
}

// Register makes the directives of a protocol. p lives as long as the configuration.
func Register(b *httpd.Builder, m *conf.Module, p *Protocol) {
	mod := &module{Protocol: p, b: b, ups: pass.Of(b)}
	mod.params = pass.NewParamTable(b, p.Prefix, p.AppendParam, func(block *conf.Block) *pass.ParamSettings {
		return &mod.section.Of(block).params
	})
	if p.TLS {
		mod.tls = pass.NewTLSBuilder(b, p.Prefix, func(block *conf.Block) *pass.TLSSettings { return &mod.section.Of(block).tls })
	}
	defaults := settings{Settings: pass.Defaults(b, p.Temp), tls: pass.DefaultTLS()}
	pass.NewCaches(b, m, p.Prefix, &defaults.Settings, false, false)
	mod.section = conf.NewSection(m, defaults, mod.bind)
	mod.section.Finish(m, mod.finish)
	b.EachServer(func(s *httpd.Server) error { return mod.section.Of(s.Root.Block).Temp.Default(b.Loader) })
	pass.CheckHidden(b, p.Prefix, p.Hidden, func(block *conf.Block) *pass.Settings { return &mod.section.Of(block).Settings })
	b.Plan(mod.plan)
}

func (m *module) bind(c *settings, t *conf.Table) {
	c.Settings.Table(m.b, t, m.Prefix, pass.GatewayNext)
	c.CacheTable(m.b, t, m.Prefix, pass.GatewayNext)
	m.params.Bind(t, &c.params)
	if m.TLS {
		c.tls.Table(m.b, t, m.Prefix)
	}
	t.Func(m.Prefix+"_pass", func(cmd *conf.Cmd) error { return m.setPass(c, cmd) })
}

// setPass handles *_pass.
func (m *module) setPass(c *settings, cmd *conf.Cmd) error {
	t := &target{mod: m}
	c.pass.Set(cmd.Block, t)
	m.b.SetPass(cmd, t.handle)
	var err error
	if t.Target, err = m.ups.Target(m.b, cmd, m.Form); err != nil {
		return err
	}
	if t.Value == nil {
		m.b.Location(cmd.Block).AutoRedirect()
	}
	if m.tls != nil {
		m.tls.Add(cmd.Block, &t.Target)
	}
	return nil
}

// finish checks a block's settings and derives what is used at run time.
func (m *module) finish(block *conf.Block, c *settings) error {
	if m.section.Unused(block) {
		return nil
	}
	if err := c.Settings.Finish(m.Prefix, m.Hidden); err != nil {
		return err
	}
	return m.params.Finish(block, &c.params, c.Cache.On())
}

// plan completes the handler of a location.
func (m *module) plan(p *httpd.Plan) {
	c := m.section.Of(p.Block)
	m.b.Loader.Folder(c.Temp.Dir)
	if t := c.pass.V; t != nil && c.pass.SetAt(p.Block) {
		t.conf, t.encoder = c, m.Encoder(p.Block)
	}
}
