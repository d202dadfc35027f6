package grpc

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/h2peer"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_grpc_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_grpc_module", Register: register}
}

const prefix = "grpc"

// settings are the directives of a block.
type settings struct {
	pass.Settings
	tls pass.TLSSettings

	pass    conf.Slot[*target] // grpc_pass; its own block's alone counts
	headers conf.List[header]  // grpc_set_header

	plan *plan // of headers, made by finish
}

// header is a grpc_set_header.
type header struct {
	name  string
	value *script.Value
}

// plan is how the header of a request is put together.
type plan struct {
	host   *script.Value // nil, or empty: the name in grpc_pass
	fields *h2peer.Fields
}

// defaultHeaders are set where grpc_set_header does not say otherwise; an empty value keeps the client's field away.
var defaultHeaders = [...][2]string{
	{"Content-Length", "$content_length"},
	{"TE", "$grpc_internal_trailers"},
	{"Host", ""},
	{"Connection", ""},
	{"Proxy-Connection", ""},
	{"Transfer-Encoding", ""},
	{"Keep-Alive", ""},
	{"Expect", ""},
	{"Upgrade", ""},
}

// hidden are the fields of a response that stay here by default.
var hidden = []string{
	"Date", "Server", "X-Accel-Expires", "X-Accel-Redirect", "X-Accel-Limit-Rate", "X-Accel-Buffering", "X-Accel-Charset",
}

// nextWords are the values of grpc_next_upstream.
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
	{Word: "off", Value: int(pass.FailOff)},
}

// module is what one load needs.
type module struct {
	b       *httpd.Builder
	section *conf.Section[settings]
	ups     *pass.Upstreams
	tls     *pass.TLSBuilder
}

func register(b *httpd.Builder, m *conf.Module) {
	mod := &module{b: b, ups: pass.Of(b)}
	defaults := settings{Settings: pass.Defaults(b, ""), tls: pass.DefaultTLS()}
	// What nginx has no directives for.
	defaults.Buffering, defaults.RequestBuffering, defaults.PassTrailers = false, false, true
	mod.section = conf.NewSection(m, defaults, mod.bind)
	mod.tls = pass.NewTLSBuilder(b, prefix, func(block *conf.Block) *pass.TLSSettings { return &mod.section.Of(block).tls })
	mod.section.Finish(m, mod.finish)
	names := make([]string, len(defaultHeaders))
	for i, d := range defaultHeaders {
		names[i] = d[0]
	}
	pass.CheckHeaders(b, &pass.HeaderTables{Name: "grpc_headers_hash", Hidden: hidden, Defaults: names, Of: mod.names})
	b.Plan(mod.plan)
	b.Vars.Define("grpc_internal_trailers", httpd.Var{NoCache: true, Unhashed: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
		if !takesTrailers(r) {
			return nil, false
		}
		return trailers, true
	}})
}

var trailers = []byte("trailers")

// takesTrailers reports whether the client takes trailers. The first TE counts.
func takesTrailers(r *httpd.Request) bool {
	f := r.In.Get(h1.TE)
	return f != nil && h1.ContainsFold(f, "trailers")
}

func (m *module) bind(c *settings, t *conf.Table) {
	c.Least(m.b, t, prefix, nextWords)
	c.Response(t, prefix)
	c.tls.Table(m.b, t, prefix)
	t.Func("grpc_pass", func(cmd *conf.Cmd) error { return m.setPass(c, cmd) })
	t.Func("grpc_set_header", func(cmd *conf.Cmd) error {
		v, err := m.b.Value(cmd, 1)
		if err != nil {
			return err
		}
		c.headers.Add(cmd.Block, header{cmd.Arg(0), v})
		return nil
	})
}

// names implements pass.HeaderTables.
func (m *module) names(block *conf.Block) (s *pass.Settings, set []string, own bool) {
	c := m.section.Of(block)
	for i := range c.headers.Items {
		set = append(set, c.headers.Items[i].name)
	}
	return &c.Settings, set, c.headers.SetAt(block)
}

// finish derives what is used at run time.
func (m *module) finish(block *conf.Block, c *settings) error {
	if m.section.Unused(block) {
		return nil
	}
	c.FinishLeast(hidden)
	if block.Parent != nil {
		if up := m.section.Of(block.Parent); up.plan != nil && !c.headers.SetAt(block) {
			c.plan = up.plan
			return nil
		}
	}
	return m.compile(c)
}

// compile makes the plan of a list of grpc_set_header.
func (m *module) compile(c *settings) error {
	p := &plan{fields: h2peer.NewFields()}
	c.plan = p
	for _, h := range c.headers.Items {
		if p.fields.Skip(h.name); strings.EqualFold(h.name, "Host") {
			p.host = h.value
			continue
		}
		p.fields.Set(h.name, h.value)
	}
	for _, d := range defaultHeaders {
		p.fields.Skip(d[0])
		if d[1] == "" || c.sets(d[0]) {
			continue
		}
		v, err := m.b.Vars.Compile(d[1])
		if err != nil {
			return err
		}
		p.fields.Set(d[0], v)
	}
	return nil
}

// sets reports whether grpc_set_header has a field.
func (c *settings) sets(name string) bool {
	for i := range c.headers.Items {
		if strings.EqualFold(c.headers.Items[i].name, name) {
			return true
		}
	}
	return false
}

// plan completes the handler of a location.
func (m *module) plan(p *httpd.Plan) {
	if c := m.section.Of(p.Block); c.pass.V != nil && c.pass.SetAt(p.Block) {
		c.pass.V.conf = c
	}
}
