package grpc

import (
	"sync"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/h2peer"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// target is a grpc_pass: where a location's requests go, with all that the location's settings say about it. Immutable once it
// serves.
type target struct {
	pass.Target
	conf *settings
}

// form is how the address of grpc_pass is written.
var form = pass.Form{Schemes: []pass.Scheme{
	{Prefix: "grpc://"},
	{Prefix: "grpcs://", TLS: true},
	{Schema: "grpc://"},
}}

// setPass handles grpc_pass.
func (m *module) setPass(c *settings, cmd *conf.Cmd) error {
	t := &target{}
	c.pass.Set(cmd.Block, t)
	m.b.Location(cmd.Block).AutoRedirect()
	m.b.SetPass(cmd, t.handle)
	var err error
	if t.Target, err = m.ups.Target(m.b, cmd, &form); err != nil {
		return err
	}
	m.tls.Add(cmd.Block, &t.Target)
	m.ups.SetProber(cmd.Block, &t.Target, t)
	return nil
}

// call is one request on its way to a gRPC server and back: the codec of its exchange. Pooled.
type call struct {
	pass.Exchange
	target *target
	peer   h2peer.Peer
}

var calls = sync.Pool{New: func() any { return new(call) }}

func (t *target) call(r *httpd.Request) *call {
	c := calls.Get().(*call)
	c.target = t
	c.S, c.Tag, c.Protocol, c.ALPN, c.Framing = &t.conf.Settings, t, "grpc", h2peer.Protocols, &c.peer
	c.Begin(r, c)
	return c
}

// handle is the content handler.
func (t *target) handle(r *httpd.Request) httpd.Result {
	c := t.call(r)
	if rc := c.SetTarget(&t.Target); rc != httpd.OK {
		return rc
	}
	if rc := c.ReadBody(true); rc != httpd.OK {
		return rc
	}
	return c.Run()
}

// Probe implements pass.Prober.
func (t *target) Probe(r *httpd.Request) *pass.Exchange {
	c := t.call(r)
	c.To, c.TLS, c.NoBody = &t.Addr, t.TLS, true
	return &c.Exchange
}

// ProbeMessage implements pass.MessageProber.
func (t *target) ProbeMessage(r *httpd.Request, message []byte) *pass.Exchange {
	r.Method, r.MethodStr = h1.Post, methodPost
	r.In.Add(h1.Field{Name: fieldType, Value: typeGRPC, ID: h1.ContentType})
	r.In.Add(h1.Field{Name: fieldTE, Value: trailers, ID: h1.TE})
	x := t.Probe(r)
	x.Own = message
	return x
}

var (
	methodPost = []byte("POST")
	fieldType  = []byte("Content-Type")
	typeGRPC   = []byte("application/grpc")
	fieldTE    = []byte("TE")
)

// AppendRequest implements pass.Codec. There is no URI for the error log, as in nginx.
func (c *call) AppendRequest(x *pass.Exchange, dst []byte) ([]byte, error) {
	r, p := c.R, c.target.conf.plan
	x.SetURI(0, 0)
	c.peer.Head, c.peer.EmptyLength = r.Method == h1.Head, true
	host := c.To.Name
	if p.host != nil {
		if v := p.host.Eval(r); len(v) > 0 {
			host = v
		}
	}
	b, err := h2peer.AppendPseudo(c.peer.BeginRequest(dst), r, r.MethodStr, c.TLS != nil, path(r), host)
	if err != nil {
		return b, err
	}
	if b, err = p.fields.Append(b, r, -1, true); err != nil {
		return b, err
	}
	body := &r.Body
	return c.peer.EndRequest(b, len(c.Own) > 0 || !c.NoBody && (c.Stream || len(body.Mem) > 0 || body.File != nil)), nil
}

// path is the URI of the request with its arguments.
func path(r *httpd.Request) []byte {
	if r.ValidUnparsed() {
		return r.Unparsed
	}
	b := r.Alloc(3*len(r.URI) + 1 + len(r.Args))[:0]
	if r.EncodedURI() || r.Internal() {
		b = h1.EscapeURI(b, r.URI, h1.ForURI)
	} else {
		b = append(b, r.URI...)
	}
	if len(r.Args) > 0 {
		b = append(append(b, '?'), r.Args...)
	}
	return b
}

// Lines returns the fields of a request's head, in words.
func (*call) Lines(head []byte) []string { return h2peer.Lines(head) }

// Open implements pass.Opener.
func (c *call) Open(x *pass.Exchange, kept any, head []byte) (keep any, skip int) {
	return c.peer.Open(x, kept, head)
}

// Reset implements pass.Codec.
func (c *call) Reset(*pass.Exchange) { c.peer.Reset() }

// ParseHeader implements pass.Codec.
func (c *call) ParseHeader(x *pass.Exchange, in []byte) (n int, v pass.Verdict) {
	return c.peer.ParseHeader(x, in)
}

// BeginBody implements pass.Codec.
func (c *call) BeginBody(x *pass.Exchange) { c.peer.BeginBody(x) }

// Body implements pass.Codec.
func (c *call) Body(x *pass.Exchange, in []byte) (data []byte, n int, st pass.BodyStatus) {
	return c.peer.Body(x, in)
}

// Release implements pass.Codec.
func (c *call) Release(*pass.Exchange) {
	c.peer.Release()
	c.target = nil
	calls.Put(c)
}
