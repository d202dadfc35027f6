package http2

import (
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/product"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
	"github.com/sluiceproxy/sluice/runtime/wire/hpack"
)

// SendHead implements Carrier: it queues the response header, in nginx's order: status, server,
// date, content-type, content-length, last-modified, location, vary, the rest.
func (s *Stream) SendHead(r *httpd.Request) httpd.Result {
	frame(r)
	b := appendHead(r.Alloc(headRoom(r))[:0], r)
	fin := r.Proto.HeaderOnly || r.Out.ContentLength == 0 && !r.Proto.ExpectTrailers
	if err := s.sendBlock(r, b, fin); err != nil {
		r.Broken(err)
		return httpd.Error
	}
	if fin {
		if err := s.flush(true); err != nil {
			r.Broken(err)
			return httpd.Error
		}
	}
	return httpd.OK
}

// headRoom is about as much as a header takes, in bytes.
func headRoom(r *httpd.Request) int {
	n := 256 + len(r.Out.ContentType)
	for i := range r.Out.List {
		n += len(r.Out.List[i].Name) + len(r.Out.List[i].Value) + 8
	}
	return n
}

// frame decides what the response has of a body and of what belongs to that.
func frame(r *httpd.Request) {
	o := &r.Out
	if r.Method == h1.Head {
		r.Proto.HeaderOnly = true
	}
	switch o.Status {
	case 200, 206:
	case 204:
		r.Proto.HeaderOnly = true
		o.ContentType, o.ContentLength = nil, -1
		o.LastModified, o.LastModText, o.LastModGone = -1, nil, true
	case 304:
		r.Proto.HeaderOnly = true
	default:
		if o.LastModified != -1 {
			o.LastModified, o.LastModText, o.LastModGone = -1, nil, true
		}
	}
}

// sendBlock queues a header block in HEADERS and CONTINUATION frames.
func (s *Stream) sendBlock(r *httpd.Request, block []byte, fin bool) error {
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.reset || c.err != nil {
		return s.brokenBy()
	}
	for c.out.n > outSize-headMin && c.out.n > 0 && !c.out.writing {
		c.flush(s.blocked())
		if s.reset || c.err != nil {
			return s.brokenBy()
		}
	}
	update := 0
	if c.shrunk {
		update, c.shrunk = 1, false
	}
	size := len(block) + update
	frames := max((size+c.frameSize-1)/c.frameSize, 1)
	b := c.out.room(frames*h2.HeaderSize + size)
	before := len(b)
	for i := range frames {
		n := min(len(block), c.frameSize-update)
		t, flags := h2.TypeHeaders, h2.Flags(0)
		if i > 0 {
			t = h2.TypeContinuation
		} else if fin {
			flags = h2.EndStream
		}
		if n == len(block) {
			flags |= h2.EndHeaders
		}
		b = h2.AppendHeader(b, n+update, t, flags, s.id)
		if update > 0 {
			b = append(b, noTable)
			update = 0
		}
		b = append(b, block[:n]...)
		block = block[n:]
	}
	c.out.took(b)
	c.out.data += int64(len(b) - before)
	s.outClosed = s.outClosed || fin
	s.note()
	s.headed = true
	r.Main().Proto.HeadSize += int64(len(b) - before)
	r.Main().Proto.Sent += int64(len(b) - before)
	return nil
}

const (
	// headMin is the room that the output is to have for a header, in bytes.
	headMin = 2048
	// noTable is the instruction that makes the dynamic table empty (RFC 7541, section 6.3).
	noTable = 0x20
)

// appendHead appends the fields of a response.
func appendHead(b []byte, r *httpd.Request) []byte {
	o := &r.Out
	b = hpack.AppendStatus(b, o.Status)
	b = appendFixed(b, r)
	b = appendLocation(b, r)
	if r.Proto.GzipVary {
		b = hpack.AppendIndexedName(b, hpack.Vary, acceptEncoding)
	}
	return appendFields(b, o.List)
}

var acceptEncoding = []byte("Accept-Encoding")

// appendFields appends the fields of a list that are to be sent.
func appendFields(b []byte, list []header.Field) []byte {
	for i := range list {
		if h := &list[i]; !h.Hidden {
			b = hpack.AppendField(b, h.Name, h.Value)
		}
	}
	return b
}

// What the server calls itself.
var (
	serverName = hpack.AppendIndexedName(nil, hpack.Server, []byte(product.Name))
	serverFull = hpack.AppendIndexedName(nil, hpack.Server, []byte(product.Name+"/"+product.Version))
)

// appendFixed appends the fields that every response has, and those that have a place of their
// own in httpd's Out.
func appendFixed(b []byte, r *httpd.Request) []byte {
	o := &r.Out
	switch {
	case o.Server != nil:
		b = appendValue(b, hpack.Server, o.Server)
	case r.Location().Core.ServerTokens >= settings.TokensOn:
		b = append(b, serverFull...)
	default:
		b = append(b, serverName...)
	}
	if o.Date != nil {
		b = appendValue(b, hpack.Date, o.Date)
	} else {
		b = hpack.AppendIndexedName(b, hpack.Date, clock.HTTPDate())
	}
	if len(o.ContentType) > 0 {
		if o.CharsetSet && len(o.Charset) > 0 {
			o.ContentType = r.Join(o.ContentType, charsetParam, o.Charset)
		}
		b = hpack.AppendIndexedName(b, hpack.ContentType, o.ContentType)
	}
	var text [32]byte
	if o.ContentLength >= 0 {
		b = hpack.AppendIndexedName(b, hpack.ContentLength, strconv.AppendInt(text[:0], o.ContentLength, 10))
	}
	switch {
	case o.LastModListed:
	case o.LastModText != nil:
		b = hpack.AppendIndexedName(b, hpack.LastModified, o.LastModText)
	case o.LastModified != -1:
		b = hpack.AppendIndexedName(b, hpack.LastModified, clock.AppendHTTPDate(text[:0], o.LastModified))
	}
	return b
}

var charsetParam = []byte("; charset=")

// appendValue appends a field unless its value is empty.
func appendValue(b []byte, place int, value []byte) []byte {
	if len(value) == 0 {
		return b
	}
	return hpack.AppendIndexedName(b, place, value)
}

// appendLocation appends a Location, completed where that is asked for.
func appendLocation(b []byte, r *httpd.Request) []byte {
	r.CompleteLocation()
	h := r.Out.Find(h1.Location)
	if h == nil || len(h.Value) == 0 {
		return b
	}
	h.Hidden = true
	if r.Proto.SentLocation == nil {
		r.Proto.SentLocation = h.Value
	}
	return hpack.AppendIndexedName(b, hpack.Location, h.Value)
}

// SendHints implements Carrier.
func (s *Stream) SendHints(r *httpd.Request) error {
	b := hpack.AppendStatus(r.Alloc(headRoom(r))[:0], 103)
	empty := len(b)
	if b = appendFields(b, r.Out.List); len(b) == empty {
		return nil
	}
	if err := s.sendBlock(r, b, false); err != nil {
		return err
	}
	return s.flush(false)
}

// hasTrailers reports whether fields follow the body.
func hasTrailers(r *httpd.Request) bool {
	for i := range r.Out.Trailers {
		if !r.Out.Trailers[i].Hidden {
			return true
		}
	}
	return false
}

// sendTrailers ends the response with the fields that follow the body, if there are any.
func (s *Stream) sendTrailers(r *httpd.Request) error {
	if !hasTrailers(r) {
		return nil
	}
	s.c.mu.Lock()
	closed := s.outClosed
	s.c.mu.Unlock()
	if closed {
		return nil
	}
	n := 0
	for i := range r.Out.Trailers {
		n += len(r.Out.Trailers[i].Name) + len(r.Out.Trailers[i].Value) + 8
	}
	return s.sendBlock(r, appendFields(r.Alloc(n)[:0], r.Out.Trailers), true)
}
