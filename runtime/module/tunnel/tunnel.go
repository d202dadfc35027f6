package tunnel

import (
	"sync"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_tunnel_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_tunnel_module", Register: register}
}

const prefix = "tunnel"

// settings are the directives of a block.
type settings struct {
	pass.Settings

	pass conf.Slot[*target] // tunnel_pass; its own block's alone counts
}

// nextWords are the values of tunnel_next_upstream.
var nextWords = []conf.Choice{
	{Word: "error", Value: int(pass.FailError)},
	{Word: "timeout", Value: int(pass.FailTimeout)},
	{Word: "off", Value: int(pass.FailOff)},
}

// module is what one load needs.
type module struct {
	b       *httpd.Builder
	section *conf.Section[settings]
	ups     *pass.Upstreams
}

func register(b *httpd.Builder, m *conf.Module) {
	mod := &module{b: b, ups: pass.Of(b)}
	mod.section = conf.NewSection(m, settings{Settings: pass.Defaults(b, "")}, mod.bind)
	mod.section.Finish(m, func(_ *conf.Block, c *settings) error {
		c.FinishLeast(nil)
		return nil
	})
	b.Plan(mod.plan)
	m.Partial("ignored, with nginx's warning except on FreeBSD", "tunnel_send_lowat")
}

func (m *module) bind(c *settings, t *conf.Table) {
	c.Least(m.b, t, prefix, nextWords)
	t.Size("tunnel_socket_rcvbuf", &c.RcvBuf)
	t.Size("tunnel_socket_sndbuf", &c.SndBuf)
	t.Func("tunnel_pass", func(cmd *conf.Cmd) error { return m.setPass(c, cmd) })
	t.Func("tunnel_send_lowat", (*conf.Cmd).SendLowat)
}

// plan completes the handler of a location.
func (m *module) plan(p *httpd.Plan) {
	c := m.section.Of(p.Block)
	if t := c.pass.V; t != nil && c.pass.SetAt(p.Block) {
		t.conf = c
	}
}

// target is a tunnel_pass: where a location's requests go, with all that the location's
// settings say about it. Immutable once it serves.
type target struct {
	pass.Target
	conf *settings
}

// form is how the address of tunnel_pass is written. By default it is the client's.
var form = pass.Form{Schemes: []pass.Scheme{{}}, Default: "$host:$request_port", Client: true}

// setPass handles tunnel_pass.
func (m *module) setPass(c *settings, cmd *conf.Cmd) error {
	if c.pass.SetAt(cmd.Block) {
		return cmd.Bad("is duplicate")
	}
	t := &target{}
	c.pass.Set(cmd.Block, t)
	m.b.SetPass(cmd, t.handle)
	m.b.ServerOf(cmd.Block).AllowConnect = true
	var err error
	t.Target, err = m.ups.Target(m.b, cmd, &form)
	return err
}

// handle is the content handler.
func (t *target) handle(r *httpd.Request) httpd.Result {
	if r.Method != h1.Connect {
		return httpd.StatusNotAllowed
	}
	if err := r.TestExpect(); err != nil {
		r.Broken(err)
		return httpd.Error
	}
	c := calls.Get().(*call)
	c.S, c.Tag, c.NoRequest = &t.conf.Settings, t, true
	c.Begin(r, c)
	if rc := c.SetTarget(&t.Target); rc != httpd.OK {
		return rc
	}
	return c.Run()
}

// call is one CONNECT request: the codec of an exchange without a request to the peer and
// without a response from it. Pooled.
type call struct{ pass.Exchange }

var calls = sync.Pool{New: func() any { return new(call) }}

// Release implements pass.Codec.
func (c *call) Release(*pass.Exchange) { calls.Put(c) }

// Reset implements pass.Codec.
func (c *call) Reset(*pass.Exchange) {}

// AppendRequest implements pass.Codec.
func (c *call) AppendRequest(_ *pass.Exchange, dst []byte) ([]byte, error) { return dst, nil }

// ParseHeader implements pass.Codec: that there is a connection is the response. The
// peer has no status of its own, so $upstream_status has none.
func (c *call) ParseHeader(x *pass.Exchange, _ []byte) (int, pass.Verdict) {
	x.Response.Status, x.Response.Line, x.Upgrade = int(httpd.StatusOK), statusLine, true
	return 0, pass.HeaderDone
}

var statusLine = []byte("200 OK")

// BeginBody implements pass.Codec. There is no body.
func (c *call) BeginBody(*pass.Exchange) {}

// Body implements pass.Codec.
func (c *call) Body(*pass.Exchange, []byte) ([]byte, int, pass.BodyStatus) {
	return nil, 0, pass.BodyDone
}
