package proxy

import (
	"sync"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/h2peer"
	"github.com/sluiceproxy/sluice/runtime/wire/chunked"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// call is one request on its way to an http server and back: the codec of its
// exchange. Pooled.
type call struct {
	pass.Exchange
	target  *target
	plan    *headerPlan // of the request's head
	chunked bool        // the request body is sent in chunks
	length  int64       // $proxy_internal_body_length, -1: unknown
	framed  int64       // length of the body by the head that is sent, -1: not given, inChunks
	head    bool        // the request is HEAD

	haveStatus bool
	dec        chunked.Decoder
	trailer    chunked.Trailer
	trailers   *buf.Buf // the trailer section

	two  bool // the peer speaks HTTP/2: peer is used in place of what follows head
	peer h2peer.Peer
}

var calls = sync.Pool{New: func() any { return new(call) }}

func newCall(t *target) *call {
	c := calls.Get().(*call)
	c.target = t
	c.S, c.Tag, c.Protocol = &t.conf.Settings, t, "http"
	if c.two = t.conf.version == 2000; c.two {
		c.Protocol, c.ALPN, c.Framing = "http2", h2peer.Protocols, &c.peer
	}
	return c
}

// Release implements pass.Codec.
func (c *call) Release(*pass.Exchange) {
	if c.trailers != nil {
		c.trailers.Free()
	}
	if c.two {
		c.peer.Release()
	}
	c.target, c.plan, c.trailers = nil, nil, nil
	c.length, c.chunked, c.head, c.haveStatus, c.two = 0, false, false, false, false
	calls.Put(c)
}

// Reset implements pass.Codec.
func (c *call) Reset(*pass.Exchange) {
	if c.two {
		c.peer.Reset()
		return
	}
	c.haveStatus = false
	c.dec = chunked.Decoder{KeepTrailer: c.S.PassTrailers}
	if c.trailers != nil {
		c.trailers.Free()
		c.trailers = nil
	}
}

// fromPeer is how the fields of a response are judged.
var fromPeer = h1.HeaderOptions{UnderscoresInHeaders: true, Upstream: true}

// ParseHeader implements pass.Codec.
func (c *call) ParseHeader(x *pass.Exchange, in []byte) (n int, v pass.Verdict) {
	if c.two {
		return c.peer.ParseHeader(x, in)
	}
	if !c.haveStatus {
		used, v := c.parseStatus(x, in)
		if v != pass.HeaderMore || used == 0 {
			return used, v
		}
		n = used
	}
	var f h1.HeaderLine
	for {
		used, st := h1.ParseHeaderLine(in[n:], &f, fromPeer)
		switch st {
		case h1.OK:
			n += used
			if x.Response.Status == 103 {
				x.Response.Fields = append(x.Response.Fields, pass.Field{Name: f.Name, Value: f.Value, ID: f.ID})
			} else if !x.AddField(pass.Field{Name: f.Name, Value: f.Value, ID: f.ID}) {
				return n, pass.HeaderInvalid
			}
		case h1.Done:
			if x.Response.Status == 103 {
				return n + used, pass.HeaderEarly
			}
			c.headerDone(x)
			return n + used, pass.HeaderDone
		case h1.Again:
			return n, pass.HeaderMore
		default:
			c.R.Errorf(nil, `upstream sent invalid header: "%s\x%02x..."`, f.Line, f.Bad)
			return n, pass.HeaderInvalid
		}
	}
}

// parseStatus reads the status line. HeaderMore with bytes consumed means that
// fields follow.
//
//go:noinline
func (c *call) parseStatus(x *pass.Exchange, in []byte) (int, pass.Verdict) {
	var sl h1.StatusLine
	n, st := h1.ParseStatusLine(in, &sl)
	p := &x.Response
	switch st {
	case h1.Again:
		return 0, pass.HeaderMore
	case h1.OK:
	default:
		cached := x.Cached() // nginx says nothing of it then, and takes no status
		if !cached || x.Reused() {
			c.R.Errorf(nil, "upstream sent no valid HTTP/1.0 header")
		}
		if x.Reused() {
			// A server without status lines does not keep connections: these bytes
			// follow the response before, and are another client's.
			return 0, pass.HeaderStray
		}
		c.R.Version = 9
		c.R.CloseConnection()
		if !cached {
			x.SetStatus(200)
		}
		p.Status, p.Close = 0, true // logged as 009, as for a client's HTTP/0.9
		return 0, pass.HeaderDone
	}
	x.SetStatus(sl.Code)
	p.Status, p.Line = sl.Code, sl.Text
	if sl.Version() < 1001 {
		if sl.Code == 103 {
			c.R.Errorf(nil, "upstream sent HTTP/1.0 response with early hints")
			return n, pass.HeaderInvalid
		}
		p.Close = true
	}
	c.haveStatus = true
	return n, pass.HeaderMore
}

// headerDone draws the conclusions from a complete header.
func (c *call) headerDone(x *pass.Exchange) {
	p := &x.Response
	p.Bare = true
	if p.Chunked {
		p.ContentLength = -1
	}
	if c.bodyless(p) || !p.Chunked && p.ContentLength == 0 {
		x.Keepalive = !p.Close
	}
	if p.Status < 200 || p.Status == 204 && (p.Chunked || p.ContentLength > 0) {
		x.Ambiguous = true // the response goes on, or is likely to
	}
	if p.Status == 101 {
		x.Upgrade = c.R.In.Has(h1.Upgrade)
	}
}

// bodyless reports whether the response ends with its header.
func (c *call) bodyless(p *pass.Response) bool {
	return p.Status == 204 || p.Status == 304 || c.head
}

// BeginBody implements pass.Codec.
func (c *call) BeginBody(x *pass.Exchange) {
	if c.two {
		c.peer.BeginBody(x)
		return
	}
	p := &x.Response
	switch {
	case c.bodyless(p):
		x.Length = 0
		x.Keepalive = !p.Close
	case p.Chunked:
		x.Length = c.dec.Need()
	case p.ContentLength == 0:
		x.Length = 0
		x.Keepalive = !p.Close
	default:
		x.Length = p.ContentLength
	}
}

// Body implements pass.Codec.
func (c *call) Body(x *pass.Exchange, in []byte) (data []byte, n int, st pass.BodyStatus) {
	if c.two {
		return c.peer.Body(x, in)
	}
	if x.Response.Chunked && x.Length != 0 {
		return c.chunk(x, in)
	}
	fits := int64(len(in)) == x.Length
	data, n, st = x.Plain(in)
	if st == pass.BodyDone {
		x.Keepalive = fits && !x.Response.Close
	}
	return data, n, st
}

// chunk decodes a chunked body.
func (c *call) chunk(x *pass.Exchange, in []byte) (data []byte, n int, st pass.BodyStatus) {
	if c.trailers != nil {
		n, st = c.readTrailer(in)
	} else {
		var d chunked.Status
		data, n, d = c.dec.Decode(in)
		switch d {
		case chunked.Data:
			x.Length = c.dec.Need()
			return data, n, pass.BodyData
		case chunked.More:
			x.Length = c.dec.Need()
			return nil, n, pass.BodyMore
		case chunked.Invalid:
			c.R.Errorf(nil, "upstream sent invalid chunked response")
			return nil, n, pass.BodyBroken
		}
		st = pass.BodyDone
		if c.S.PassTrailers {
			var used int
			c.trailers = buf.Sized(int(c.S.BufferSize))
			c.trailer.Reset(c.trailers.B[:0:c.S.BufferSize])
			used, st = c.readTrailer(in[n:])
			n += used
		}
	}
	if st != pass.BodyDone {
		return nil, n, st
	}
	x.Length = 0
	x.Keepalive = !x.Response.Close
	if n < len(in) {
		text := "upstream sent data after final chunk"
		if c.trailers != nil && len(x.Response.Trailers) > 0 {
			text = "upstream sent data after trailers"
		}
		c.R.Logf(errlog.Warn, nil, "%s", text)
		x.Keepalive = false
	}
	return nil, len(in), pass.BodyDone
}

// readTrailer reads the trailer section.
func (c *call) readTrailer(in []byte) (n int, st pass.BodyStatus) {
	n = c.trailer.Fill(in)
	var f h1.HeaderLine
	for {
		switch c.trailer.Next(&f) {
		case h1.OK:
			c.Response.Trailers = append(c.Response.Trailers, pass.Field{Name: f.Name, Value: f.Value, ID: f.ID})
		case h1.Done:
			return n - c.trailer.Unread(), pass.BodyDone
		case h1.Again:
			if c.trailer.Full() {
				c.R.Errorf(nil, "upstream sent too big trailers")
				return n, pass.BodyBroken
			}
			return n, pass.BodyMore
		default:
			c.R.Errorf(nil, `upstream sent invalid trailer: "%s\x%02x..."`, f.Line, f.Bad)
			return n, pass.BodyBroken
		}
	}
}
