package proxy

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// readBody reads the request body, unless it is to be passed as it comes.
func (c *call) readBody() httpd.Result {
	r, t := c.R, c.target
	c.NoBody = !t.conf.PassBody || t.conf.body != nil
	rc := c.ReadBody(!r.In.Chunked || t.conf.version > 1000)
	if c.Stream && r.In.Chunked && !c.two {
		c.chunked, c.Framing = true, chunks{}
	}
	c.length = r.In.ContentLength
	return rc
}

var errNoURI = errors.New("zero length URI to proxy")

// AppendRequest implements pass.Codec.
func (c *call) AppendRequest(x *pass.Exchange, dst []byte) ([]byte, error) {
	r, s := c.R, c.target.conf
	c.plan = s.compiled
	if x.Cacheable() {
		c.plan = s.caching
	}
	method := c.method()
	c.framed = -1
	c.head = len(method) == 4 && h1.EqualFold(method, "head")
	if c.two {
		return c.appendTwo(dst, method)
	}
	b := append(dst, method...)
	b = append(b, ' ')
	from := len(b)
	b = c.appendURI(b)
	if len(b) == from {
		r.Errorf(nil, "%s", errNoURI.Error())
		return b, errNoURI
	}
	x.SetURI(from, len(b))
	c.oneLine(b[from:])
	if s.version == 1001 {
		b = append(b, " HTTP/1.1\r\n"...)
	} else {
		b = append(b, " HTTP/1.0\r\n"...)
	}
	var body []byte
	if s.body != nil {
		body = s.body.Eval(r)
		c.length = int64(len(body))
	}
	b = c.appendHost(b)
	b = c.appendLines(b)
	if s.PassHeaders {
		b = appendClient(b, r, c.plan.skip)
	}
	b = append(b, '\r', '\n')
	if c.framed == -1 {
		c.framed = 0
	}
	if c.framed != c.bodySize(body) {
		x.Ambiguous = true
	}
	return append(b, body...), nil
}

// method is the method that the peer sees.
func (c *call) method() []byte {
	switch s := c.target.conf; {
	case c.Method != nil:
		return c.Method
	case s.method != nil:
		method := s.method.Eval(c.R)
		c.oneLine(method)
		return method
	}
	return c.R.MethodStr
}

// inChunks is the length of a body in chunks, whose end is in the body itself.
const inChunks = -2

// bodySize is the size of the body that is sent; own is the text of proxy_set_body.
func (c *call) bodySize(own []byte) int64 {
	switch b := &c.R.Body; {
	case c.chunked:
		return inChunks
	case c.Stream:
		return c.R.In.ContentLength
	case c.NoBody:
		return int64(len(own))
	case b.File != nil:
		return b.Size
	default:
		return int64(len(b.Mem))
	}
}

// oneLine checks a part of the head that contains text of the client's request for
// line ends. With a line end in it, the peer may take what follows for another
// request.
func (c *call) oneLine(text []byte) {
	if bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0 {
		c.Ambiguous = true
	}
}

// noteFraming notes the framing of the body in a field that proxy_set_header sets.
func (c *call) noteFraming(kind lineKind, value []byte) {
	if n, ok := h1.ParseContentLength(value); kind == lineOwnLength && ok && c.framed == -1 {
		c.framed = n
		return
	}
	c.Ambiguous = true
}

// appendURI appends the request's target: the URI part of proxy_pass in place
// of what the location matched, or the URI as the client sent it.
func (c *call) appendURI(b []byte) []byte {
	r := c.R
	uri := c.To.URI
	switch {
	case c.target.Value != nil && len(uri) > 0:
		return append(b, uri...)
	case len(uri) == 0 && r.ValidUnparsed():
		return append(b, r.Unparsed...)
	}
	cut := 0
	if r.ValidLocation() {
		b = append(b, uri...)
		if len(uri) > 0 {
			cut = min(len(c.target.location), len(r.URI))
		}
	}
	if r.EncodedURI() || r.Internal() {
		b = h1.EscapeURI(b, r.URI[cut:], h1.ForURI)
	} else {
		b = append(b, r.URI[cut:]...)
	}
	if len(r.Args) > 0 {
		b = append(b, '?')
		b = append(b, r.Args...)
	}
	return b
}

func (c *call) appendHost(b []byte) []byte {
	s := c.target.conf
	at := len(b)
	b = append(b, "Host: "...)
	from := len(b)
	if c.plan.host != nil {
		b = c.plan.host.Append(b, c.R)
		c.oneLine(b[from:])
	}
	if len(b) == from && (c.plan.host == nil || s.version == 1001) {
		b = append(b, c.To.Name...)
	}
	if len(b) == from {
		return b[:at]
	}
	return append(b, '\r', '\n')
}

// appendLines appends the fields that proxy_set_header sets, and the ones about
// the body. A field whose value is empty is left out.
func (c *call) appendLines(b []byte) []byte {
	for i := range c.plan.lines {
		l := &c.plan.lines[i]
		switch {
		case l.value != nil:
			at := len(b)
			b = append(b, l.text...)
			from := len(b)
			if b = l.value.Append(b, c.R); len(b) == from {
				b = b[:at]
				continue
			}
			if l.kind != lineValue {
				c.noteFraming(l.kind, b[from:])
			}
			c.oneLine(b[from:])
			b = append(b, '\r', '\n')
		case l.kind == lineValue:
			b = append(b, l.text...)
		case l.kind == lineLength:
			if !c.chunked && c.length >= 0 {
				b = append(b, l.text...)
				b = strconv.AppendInt(b, c.length, 10)
				c.framed = c.length
				b = append(b, '\r', '\n')
			}
		case c.chunked:
			b = append(b, l.text...)
			if c.framed != -1 {
				c.Ambiguous = true // a length and an encoding
			}
			c.framed = inChunks
		}
	}
	return b
}

// appendClient appends the client's own fields.
func appendClient(b []byte, r *httpd.Request, skip *pass.NameSet) []byte {
	for i := range r.In.List {
		f := &r.In.List[i]
		if skip.Has(f.ID, f.Name) {
			continue
		}
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = append(b, f.Value...)
		b = append(b, '\r', '\n')
	}
	return b
}

// AppendCacheKey implements pass.KeyAppender: the URL that is asked for.
func (c *call) AppendCacheKey(dst []byte) []byte {
	dst = append(dst, c.To.Schema...)
	if len(c.To.Port) == 0 {
		dst = append(append(append(dst, "unix:"...), c.To.Host...), ':')
	} else {
		dst = append(dst, c.To.Name...)
	}
	return c.appendURI(dst)
}
