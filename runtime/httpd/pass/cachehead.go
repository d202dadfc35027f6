package pass

import (
	"bytes"
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// The head of a cached response is text, as HTTP has it, whatever protocol the peer speaks:
// a status line, and a line for each field as it came. A response without a status line
// (HTTP/0.9) has none.

const headVersion = "HTTP/1.1 "

// appendHead appends the response's head to dst.
func (p *Response) appendHead(dst []byte) []byte {
	if p.Status == 0 {
		return dst
	}
	dst = append(dst, headVersion...)
	if p.Line != nil {
		dst = append(dst, p.Line...)
		if bare(p.Line) {
			dst = append(dst, ' ')
		}
	} else {
		dst = strconv.AppendInt(dst, int64(p.Status), 10)
	}
	dst = append(dst, '\r', '\n')
	for i := range p.Fields {
		f := &p.Fields[i]
		if f.Ignored {
			continue
		}
		dst = append(append(dst, f.Name...), ": "...)
		dst = append(append(dst, f.Value...), '\r', '\n')
	}
	return dst
}

// bare reports whether a peer's status line has no text behind the code. It is stored with one space more than it has, for a
// code alone stands for a peer that sent no line.
func bare(line []byte) bool { return len(bytes.TrimRight(line[min(3, len(line)):], " ")) == 0 }

// parseCached makes a head that was stored the response. False: it is none.
func (x *Exchange) parseCached(head []byte) bool {
	x.Response.reset()
	if len(head) == 0 {
		x.R.Version = 9
		x.R.CloseConnection()
		return true
	}
	line, rest, ok := bytes.Cut(head, crlf)
	text, status := bytes.CutPrefix(line, []byte(headVersion))
	if !ok || !status || len(text) < 3 {
		return false
	}
	code, err := strconv.Atoi(string(text[:3]))
	if err != nil {
		return false
	}
	p := &x.Response
	p.Status, p.Line = code, nil
	if len(text) > 3 {
		p.Line = text
		if bare(text) {
			p.Line = text[:len(text)-1]
		}
	}
	for len(rest) > 0 {
		if line, rest, ok = bytes.Cut(rest, crlf); !ok {
			return false
		}
		name, value, found := bytes.Cut(line, colonSpace)
		if !found || !x.AddField(Field{Name: name, Value: value, ID: h1.LookupField(name)}) {
			return false
		}
	}
	if p.Chunked {
		p.ContentLength = -1
	}
	return true
}

var (
	crlf       = []byte("\r\n")
	colonSpace = []byte(": ")
)

// noteField takes a field of a response into account for the cache.
//
//go:noinline
func (x *Exchange) noteField(f *Field) {
	c := &x.cached
	if x.S.Cache.RFC9111 {
		if c.fromStore { // it was judged when it was stored
			return
		}
		c.rules.Field(f.ID, f.Value, x.S.ignoredByCache(), func(a, b []byte) []byte { return x.R.Join(a, comma, b) })
		return
	}
	c.fresh.Field(f.ID, f.Value, x.S.ignoredByCache(), c.at, func(a, b []byte) []byte { return x.R.Join(a, comma, b) })
}

// ignoredByCache is *_ignore_headers as far as it concerns a cache.
func (s *Settings) ignoredByCache() (g caching.Ignore) {
	for _, w := range ignoredFields {
		if s.Ignore.V&w.word != 0 {
			g |= w.field
		}
	}
	return g
}

var ignoredFields = [...]struct {
	word  int
	field caching.Ignore
}{
	{ignoreExpiresAccel, caching.IgnoreAccelExpires},
	{ignoreExpires, caching.IgnoreExpires},
	{ignoreCacheControl, caching.IgnoreCacheControl},
	{ignoreSetCookie, caching.IgnoreSetCookie},
	{ignoreVary, caching.IgnoreVary},
}
