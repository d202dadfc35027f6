package memcached

import (
	"errors"
	"strings"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	"github.com/sluiceproxy/sluice/runtime/wire/memcache"
)

// call is one request on its way to memcached and back: the codec of its exchange. Pooled.
type call struct {
	pass.Exchange
	target *target
	key    []byte // as it was sent
	reply  memcache.Reply
	value  memcache.Value
}

var calls = sync.Pool{New: func() any { return new(call) }}

var errNoKey = errors.New("no key")

// AppendRequest implements pass.Codec.
func (c *call) AppendRequest(x *pass.Exchange, dst []byte) ([]byte, error) {
	x.SetURI(0, 0)
	key := c.target.key.Eval(c.R)
	if len(key) == 0 {
		c.R.Errorf(nil, `the "$memcached_key" variable is not set`)
		return dst, errNoKey
	}
	b := memcache.AppendGet(dst, key)
	sent := b[len(dst)+len("get ") : len(b)-len("\r\n")]
	c.key = append(c.R.Alloc(len(sent))[:0], sent...)
	return b, nil
}

// Lines returns the command that a head is, in words.
func (*call) Lines(head []byte) []string { return []string{strings.TrimSpace(string(head))} }

// Reset implements pass.Codec.
func (c *call) Reset(*pass.Exchange) {}

// ParseHeader implements pass.Codec.
func (c *call) ParseHeader(x *pass.Exchange, in []byte) (n int, v pass.Verdict) {
	n, st := memcache.ParseReply(in, c.key, c.target.conf.gzipFlag != 0, &c.reply)
	p := &x.Response
	text := ""
	switch st {
	case memcache.Again:
		return 0, pass.HeaderMore
	case memcache.Found:
		if c.reply.Flags&uint64(c.target.conf.gzipFlag) != 0 {
			c.R.Out.Add(h1.ContentEncoding, contentEncoding, gzip)
		}
		p.Status, p.ContentLength = 200, c.reply.Length
		x.SetStatus(200)
		return n, pass.HeaderDone
	case memcache.Missing:
		c.R.Logf(errlog.Info, nil, `key: "%s" was not found by memcached`, c.key)
		p.Status, p.ContentLength = 404, 0
		x.SetStatus(404)
		x.Keepalive = true
		return n, pass.HeaderDone
	case memcache.BadReply:
		c.R.Errorf(nil, `memcached sent invalid response: "%s"`, c.reply.Line)
		return 0, pass.HeaderInvalid
	case memcache.BadKey:
		text = "key"
	case memcache.BadFlags:
		text = "flags"
	case memcache.BadLength:
		text = "length"
	}
	c.R.Errorf(nil, `memcached sent invalid %s in response "%s" for key "%s"`, text, c.reply.Line, c.key)
	return 0, pass.HeaderInvalid
}

var (
	contentEncoding = []byte("Content-Encoding")
	gzip            = []byte("gzip")
)

// BeginBody implements pass.Codec.
func (c *call) BeginBody(x *pass.Exchange) {
	c.value.Reset(c.reply.Length)
	x.Length = c.value.Left()
}

// Body implements pass.Codec.
func (c *call) Body(x *pass.Exchange, in []byte) (data []byte, n int, st pass.BodyStatus) {
	data, part := c.value.Next(in)
	x.Length = c.value.Left()
	switch part {
	case memcache.More:
		return data, len(in), pass.BodyData
	case memcache.BadTrailer:
		c.R.Errorf(nil, "memcached sent invalid trailer")
	case memcache.End:
		x.Keepalive = true
	}
	return data, len(in), pass.BodyDone
}

// Release implements pass.Codec.
func (c *call) Release(*pass.Exchange) {
	c.target, c.key, c.reply = nil, nil, memcache.Reply{}
	calls.Put(c)
}
