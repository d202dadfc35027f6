package fastcgi

import (
	"strings"

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

	pass   conf.Slot[*target]    // fastcgi_pass; its own block's alone counts
	index  string                // fastcgi_index
	split  *regex.Regex          // fastcgi_split_path_info, nil: the path has one part
	params conf.List[pass.Param] // fastcgi_param
	catch  conf.List[[]byte]     // fastcgi_catch_stderr
	keep   bool                  // fastcgi_keep_conn

	compiled *pass.Params // of params, made by finish
	caching  *pass.Params // the same for requests whose response may be cached; nil without a cache
}

// hidden are the fields of a response that stay here by default.
var hidden = []string{
	"Status", "X-Accel-Expires", "X-Accel-Redirect", "X-Accel-Limit-Rate", "X-Accel-Buffering", "X-Accel-Charset",
}

// nextWords are the values of fastcgi_next_upstream.
var nextWords = []conf.Choice{
	{Word: "error", Value: int(pass.FailError)},
	{Word: "timeout", Value: int(pass.FailTimeout)},
	{Word: "invalid_header", Value: int(pass.FailInvalidHeader)},
	{Word: "non_idempotent", Value: int(pass.FailNonIdempotent)},
	{Word: "http_500", Value: int(pass.Fail500)},
	{Word: "http_503", Value: int(pass.Fail503)},
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
	slot    int        // of the parts of a request's path
	host    pass.Param // the parameter that every application gets, unless the configuration sets it
}

func register(b *httpd.Builder, m *conf.Module) {
	mod := &module{b: b, ups: pass.Of(b), slot: b.Slot()}
	defaults := settings{Settings: pass.Defaults(b, b.Loader.Layout.FastCGITemp)}
	pass.NewCaches(b, m, prefix, &defaults.Settings, false, false)
	mod.section = conf.NewSection(m, defaults, mod.bind)
	mod.section.Finish(m, mod.finish)
	b.EachServer(func(s *httpd.Server) error { return mod.section.Of(s.Root.Block).Temp.Default(b.Loader) })
	b.Plan(mod.plan)
	m.Partial("ignored, with nginx's warning except on FreeBSD", "fastcgi_send_lowat")
	mod.defineVars()
}

func (m *module) bind(c *settings, t *conf.Table) {
	c.Settings.Table(m.b, t, prefix, nextWords)
	c.CacheTable(m.b, t, prefix, nextWords)
	pass.BindParams(m.b, t, "fastcgi_param", &c.params)
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
	if block.Parent != nil {
		if up := m.section.Of(block.Parent); up.compiled != nil && !c.params.SetAt(block) {
			c.compiled, c.caching = up.compiled, up.caching
			if !c.Cache.On() || c.caching != nil {
				return nil
			}
		}
	}
	return m.compile(block, c)
}

// compile makes the plan of the parameters of a block.
func (m *module) compile(block *conf.Block, c *settings) error {
	if m.host.Value == nil {
		v, err := m.b.Vars.Compile("$host$is_request_port$request_port")
		if err != nil {
			return err
		}
		m.host = pass.Param{Name: "HTTP_HOST", Value: v, IfNotEmpty: true}
	}
	list := c.params.Items
	var fields []string // that the configuration sets
	given := false
	for i := range list {
		name := list[i].Name
		given = given || strings.EqualFold(name, m.host.Name)
		if field, ok := strings.CutPrefix(name, "HTTP_"); ok && field != "" {
			fields = append(fields, field)
		}
	}
	if !given {
		list = append(list[:len(list):len(list)], m.host)
	}
	c.compiled = pass.NewParams(list, fcgi.AppendPair)
	if c.Cache.On() {
		cached, err := pass.CacheParams(m.b)
		if err != nil {
			return err
		}
		c.caching = pass.NewParams(pass.WithCacheParams(list, cached), fcgi.AppendPair)
	}
	table := block.HashOf("fastcgi_params_hash", 512, 64)
	if err := table.Check(fields, m.b.Loader.Warnf); err != nil {
		return conf.Unlocated(err.Error())
	}
	return nil
}

// plan completes the handler of a location.
func (m *module) plan(p *httpd.Plan) {
	c := m.section.Of(p.Block)
	m.b.Loader.Folder(c.Temp.Dir)
	if t := c.pass.V; t != nil && c.pass.SetAt(p.Block) {
		t.conf = c
	}
}
