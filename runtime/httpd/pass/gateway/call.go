package gateway

import (
	"sync"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// target is a *_pass: where a location's requests go, with all that the location's settings say about it. Immutable once it
// serves.
type target struct {
	pass.Target
	mod     *module
	conf    *settings
	encoder Encoder
}

// handle is the content handler.
func (t *target) handle(r *httpd.Request) httpd.Result {
	c := calls.Get().(*call)
	c.target = t
	c.S, c.Tag, c.Protocol = &t.conf.Settings, t, t.mod.Prefix
	c.NoBody = !t.conf.PassBody
	c.Begin(r, c)
	if rc := c.SetTarget(&t.Target); rc != httpd.OK {
		return rc
	}
	if rc := c.ReadBody(!r.In.Chunked); rc != httpd.OK { // the length comes before the body
		return rc
	}
	return c.Run()
}

// call is one request on its way to an application and back: the codec of its exchange. Pooled.
type call struct {
	pass.Exchange
	target *target
	header pass.CGI
	params func(dst []byte) []byte // appendParams, bound once
}

var calls = sync.Pool{New: func() any {
	c := new(call)
	c.params = c.appendParams
	return c
}}

// AppendRequest implements pass.Codec.
func (c *call) AppendRequest(x *pass.Exchange, dst []byte) ([]byte, error) {
	x.SetURI(0, 0)
	return c.target.encoder.AppendRequest(c.R, c.params, dst)
}

// Lines returns the parameters of a request's head, in words.
func (c *call) Lines(head []byte) []string { return c.target.encoder.Lines(head) }

func (c *call) appendParams(dst []byte) []byte {
	return c.target.conf.params.Of(&c.Exchange).Append(dst, c.R, c.S.PassHeaders)
}

// Reset implements pass.Codec.
func (c *call) Reset(*pass.Exchange) { c.header.Reset(true) }

// ParseHeader implements pass.Codec.
func (c *call) ParseHeader(x *pass.Exchange, in []byte) (n int, v pass.Verdict) {
	if n, v = c.header.ParseHeader(x, in); v == pass.HeaderDone && x.Response.Status == 101 {
		x.Upgrade = c.R.In.Has(h1.Upgrade)
	}
	return n, v
}

// BeginBody implements pass.Codec.
func (c *call) BeginBody(x *pass.Exchange) { x.Length = x.BodyLength() }

// Body implements pass.Codec.
func (c *call) Body(x *pass.Exchange, in []byte) (data []byte, n int, st pass.BodyStatus) {
	return x.Plain(in)
}

// Release implements pass.Codec.
func (c *call) Release(*pass.Exchange) {
	c.target = nil
	calls.Put(c)
}
