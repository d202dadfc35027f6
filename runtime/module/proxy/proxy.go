package proxy

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Module is ngx_http_proxy_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_proxy_module", Register: register}
}

const prefix = "proxy"

// settings are the directives of a block.
type settings struct {
	pass.Settings
	tls pass.TLSSettings

	pass     conf.Slot[*target] // proxy_pass; its own block's alone counts
	headers  conf.List[header]  // proxy_set_header
	body     *script.Value      // proxy_set_body, nil: the client's
	method   *script.Value      // proxy_method, nil: the client's
	version  int                // proxy_http_version: 1000, 1001 or 2000
	redirect conf.Slot[*redirects]
	domains  conf.Slot[*rewrites] // proxy_cookie_domain
	paths    conf.Slot[*rewrites] // proxy_cookie_path
	flags    conf.Slot[*cookieFlags]

	compiled *headerPlan // of headers, made by finish
	caching  *headerPlan // the same for requests whose response may be cached; nil without a cache
}

// hidden are the fields of a response that stay here by default.
var hidden = []string{
	"Date", "Server", "X-Pad", "X-Accel-Expires", "X-Accel-Redirect", "X-Accel-Limit-Rate", "X-Accel-Buffering",
	"X-Accel-Charset",
}

// nextWords are the values of proxy_next_upstream.
var nextWords = []conf.Choice{
	{Word: "error", Value: int(pass.FailError)},
	{Word: "timeout", Value: int(pass.FailTimeout)},
	{Word: "invalid_header", Value: int(pass.FailInvalidHeader)},
	{Word: "non_idempotent", Value: int(pass.FailNonIdempotent)},
	{Word: "http_500", Value: int(pass.Fail500)},
	{Word: "http_502", Value: int(pass.Fail502)},
	{Word: "http_503", Value: int(pass.Fail503)},
	{Word: "http_504", Value: int(pass.Fail504)},
	{Word: "http_403", Value: int(pass.Fail403)},
	{Word: "http_404", Value: int(pass.Fail404)},
	{Word: "http_429", Value: int(pass.Fail429)},
	{Word: "updating", Value: int(pass.FailUpdating)},
	{Word: "off", Value: int(pass.FailOff)},
}

// module is what one load needs.
type module struct {
	b       *httpd.Builder
	section *conf.Section[settings]
	ups     *pass.Upstreams
	tls     *pass.TLSBuilder

	slot   int               // of the module that handles a request
	cached []pass.CacheField // set in requests whose response may be cached
}

func register(b *httpd.Builder, m *conf.Module) {
	mod := &module{b: b, ups: pass.Of(b), slot: b.Slot()}
	defaults := settings{Settings: pass.Defaults(b, b.Loader.Layout.ProxyTemp), tls: pass.DefaultTLS(), version: 1001}
	pass.NewCaches(b, m, prefix, &defaults.Settings, true, true)
	m.HashHints("proxy_headers")
	m.Announce(conf.Spec{
		Name: "proxy_protocol", Contexts: conf.HTTP | conf.Server | conf.Location, Min: 1, Max: 1, Default: "off", Once: true,
	})
	mod.section = conf.NewSection(m, defaults, mod.bind)
	mod.tls = pass.NewTLSBuilder(b, prefix, func(block *conf.Block) *pass.TLSSettings { return &mod.section.Of(block).tls })
	mod.section.Finish(m, mod.finish)
	b.EachServer(func(s *httpd.Server) error { return mod.section.Of(s.Root.Block).Temp.Default(b.Loader) })
	pass.CheckHeaders(b, &pass.HeaderTables{Name: "proxy_headers_hash", Hidden: hidden, Defaults: defaultNames(), Of: mod.names})
	b.Plan(mod.plan)
	m.Partial("ignored, with nginx's warning except on FreeBSD", "proxy_send_lowat")
	mod.defineVars()
}

func (m *module) bind(c *settings, t *conf.Table) {
	c.Settings.Table(m.b, t, prefix, nextWords)
	c.Settings.CacheTable(m.b, t, prefix, nextWords)
	c.BindProxyProtocol(t)
	c.tls.Table(m.b, t, prefix)
	t.Func("proxy_pass", func(cmd *conf.Cmd) error { return m.setPass(c, cmd) })
	t.Func("proxy_set_header", func(cmd *conf.Cmd) error { return m.setHeader(c, cmd) })
	m.b.BindValue(t, "proxy_set_body", &c.body)
	m.b.BindValue(t, "proxy_method", &c.method)
	t.Flag("proxy_pass_trailers", &c.PassTrailers)
	t.Func("proxy_http_version", func(cmd *conf.Cmd) error {
		switch cmd.Arg(0) {
		case "1.0":
			c.version = 1000
		case "1.1":
			c.version = 1001
		case "2":
			c.version = 2000
		default:
			return cmd.Errorf(`invalid value "%s"`, cmd.Arg(0))
		}
		return nil
	})
	t.Func("proxy_send_lowat", (*conf.Cmd).SendLowat)
	t.Func("proxy_redirect", func(cmd *conf.Cmd) error { return m.setRedirect(c, cmd) })
	t.Func("proxy_cookie_domain", func(cmd *conf.Cmd) error { return m.setCookie(&c.domains, cmd, true) })
	t.Func("proxy_cookie_path", func(cmd *conf.Cmd) error { return m.setCookie(&c.paths, cmd, false) })
	t.Func("proxy_cookie_flags", func(cmd *conf.Cmd) error { return m.setCookieFlags(c, cmd) })
}

// names implements pass.HeaderTables.
func (m *module) names(block *conf.Block) (s *pass.Settings, set []string, own bool) {
	c := m.section.Of(block)
	for i := range c.headers.Items {
		set = append(set, c.headers.Items[i].name)
	}
	return &c.Settings, set, c.headers.SetAt(block)
}

// finish checks a block's settings and derives what is used at run time.
func (m *module) finish(block *conf.Block, c *settings) error {
	if m.section.Unused(block) {
		return nil
	}
	if err := c.Settings.Finish(prefix, hidden); err != nil {
		return err
	}
	var up *settings
	if block.Parent != nil {
		if up = m.section.Of(block.Parent); up.compiled == nil || !sameList(up, c) {
			up = nil
		}
	}
	if c.Cache.On() {
		if err := m.compileCached(c, up); err != nil {
			return err
		}
	}
	if up != nil {
		c.compiled = up.compiled
	} else {
		c.compiled = m.compile(c.headers.Items, nil)
	}
	if c.version == 2000 {
		c.compiled.complete(c.headers.Items, nil)
		if c.caching != nil {
			c.caching.complete(c.headers.Items, m.cached)
		}
	}
	return nil
}

// compileCached makes the plan of requests whose response may be cached, or takes that of the
// block around, up.
func (m *module) compileCached(c, up *settings) (err error) {
	if up != nil && up.caching != nil {
		c.caching = up.caching
		return nil
	}
	if m.cached == nil {
		if m.cached, err = pass.CacheFields(m.b); err != nil {
			return err
		}
	}
	c.caching = m.compile(c.headers.Items, m.cached)
	return nil
}

// sameList reports whether a block has its parent's proxy_set_header list.
func sameList(a, b *settings) bool {
	return len(a.headers.Items) == len(b.headers.Items) &&
		(len(a.headers.Items) == 0 || &a.headers.Items[0] == &b.headers.Items[0])
}

// plan completes the handler of a location.
func (m *module) plan(p *httpd.Plan) {
	c := m.section.Of(p.Block)
	m.b.Loader.Folder(c.Temp.Dir)
	t := c.pass.V
	if t == nil || !c.pass.SetAt(p.Block) {
		return
	}
	t.conf = c
	t.rewrites = m.redirects(p.Block)
}
