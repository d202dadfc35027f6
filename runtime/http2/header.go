package http2

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
	"github.com/sluiceproxy/sluice/runtime/wire/hpack"
)

// headerBlock is the header block that is being read: it is decoded when all of it has come.
type headerBlock struct {
	begun     bool
	stream    uint32
	endStream bool
	trailers  bool    // of a stream that is open
	refuse    h2.Code // 0: the stream is to be served
	buf       *buf.Buf
	n         int
	most      int // bytes that may come
}

// add takes a part of the block.
func (b *headerBlock) add(p []byte) *h2.Error {
	need := b.n + len(p)
	switch {
	case need > b.most:
		return tooLargeHeader()
	case b.buf == nil && need > 0:
		b.buf = buf.Sized(need)
	case b.buf != nil && need > len(b.buf.B):
		larger := buf.Sized(max(need, min(2*len(b.buf.B), b.most)))
		copy(larger.B, b.buf.B[:b.n])
		b.buf.Free()
		b.buf = larger
	}
	if len(p) > 0 {
		copy(b.buf.B[b.n:], p)
	}
	b.n = need
	return nil
}

func tooLargeHeader() *h2.Error {
	return &h2.Error{Code: h2.EnhanceYourCalm, Text: "client sent too large header"}
}

// free gives the memory of the block back.
func (b *headerBlock) free() {
	if b.buf != nil {
		b.buf.Free()
	}
	*b = headerBlock{}
}

// enterHeaders begins with a HEADERS frame, of which p comes before the block.
func (c *Conn) enterHeaders(p []byte) *h2.Error {
	f := &c.frame
	size, padding, bad := f.head.Contents(p)
	id, b := f.head.Stream, &c.block
	f.left, f.padding = size, padding
	*b = headerBlock{begun: true, stream: id, endStream: f.head.Flags.Has(h2.EndStream)}
	large := c.server.LargeHeaderBuffers
	b.most = 2*int(large.Size)*large.Num + h2.DefaultFrameSize // a text that Huffman's code makes longer has its reasons
	c.mu.Lock()
	defer c.mu.Unlock()
	switch s := c.find(id); {
	case bad != nil && id%2 != 0 && id > c.last:
		return bad
	case c.goaway && id > c.last:
		b.refuse = h2.RefusedStream // without an answer: the client knows
		return nil
	case s != nil && !s.inClosed && !s.reset && b.endStream:
		b.trailers = true
		return nil
	case id%2 == 0 || id <= c.last:
		c.conn.Logf(errlog.Info, nil, "client sent HEADERS frame with incorrect identifier %d, the last was %d", id, c.last)
		return &h2.Error{Code: h2.ProtocolError}
	}
	c.last = id
	if why := c.refuses(b.endStream); why != "" {
		c.conn.Logf(errlog.Info, nil, "%s", why)
		b.refuse = h2.RefusedStream
		if c.refused++; c.refused > max(c.http2.MaxStreams, minRefused)+1 {
			return &h2.Error{Code: h2.NoError, Text: "client sent too many refused streams"}
		}
		c.out.rst(id, h2.RefusedStream)
	}
	return nil
}

// refuses returns why a new stream is not served; "": it is.
func (c *Conn) refuses(endStream bool) string {
	n := len(c.streams)
	if n >= c.http2.MaxStreams {
		return "concurrent streams exceeded " + decimal(n)
	}
	if c.atOnce++; c.atOnce > 2*c.http2.MaxStreams {
		return "client sent too many streams at once"
	}
	if !c.acked && !endStream && c.http2.PrereadSize < h2.DefaultWindow {
		return "client sent stream with data before settings were acknowledged"
	}
	return ""
}

// takeBlock decodes a header block that is complete. s is a stream whose request is to be run.
func (c *Conn) takeBlock() (s *Stream, err *h2.Error) {
	b := &c.block
	defer b.free()
	var block []byte
	if b.buf != nil {
		block = b.buf.B[:b.n]
	}
	c.payload += int64(b.n)
	if b.trailers {
		return nil, c.takeTrailers(block)
	}
	h := fieldReader{c: c, limit: c.server.LargeHeaderBuffers.Size * int64(c.server.LargeHeaderBuffers.Num)}
	if b.refuse != 0 {
		return nil, h.read(block)
	}
	c.refresh()
	s = c.newStream(b.stream, b.endStream)
	s.r.Proto.Length = int64(b.n)
	s.r.Action("reading client request headers")
	h.s = s
	h.rc = func() (rc httpd.Result) {
		defer s.r.Recovered()
		err = h.read(block)
		return h.rc
	}()
	if err != nil {
		c.dropStream(s)
		return nil, err
	}
	s.result = h.finish()
	c.announceEnd()
	return s, nil
}

// announceEnd says that this stream is the last, where it is by keepalive_requests and
// keepalive_time, or because the server or the address goes.
func (c *Conn) announceEnd() {
	core := c.core
	age := c.arrived - c.conn.Client.Start
	if core.KeepaliveTimeout != 0 && c.requests < uint64(core.KeepaliveRequests) && age <= core.KeepaliveTime*1e6 &&
		!c.conn.Quitting() && !c.conn.Retired() && !c.conn.Unfit() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.goaway {
		c.queueGoAway(h2.NoError)
	}
}

// dropStream ends a stream whose header ends the connection.
func (c *Conn) dropStream(s *Stream) {
	s.r.LogRequest()
	c.endpoint.Engine.Stats.Writing.Add(-1)
	s.end()
}

// takeTrailers ends the body of a stream. The fields are read and not used, as nginx has no use
// for those of HTTP/1.1.
func (c *Conn) takeTrailers(block []byte) *h2.Error {
	h := fieldReader{c: c, limit: c.server.LargeHeaderBuffers.Size * int64(c.server.LargeHeaderBuffers.Num)}
	if err := h.read(block); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.find(c.block.stream); s != nil {
		s.inClosed = true
		s.wakeIn()
	}
	return nil
}

// fieldReader takes the fields of a header block for the request of a stream; without one they
// are decoded for the tables alone.
type fieldReader struct {
	c     *Conn
	s     *Stream
	rc    httpd.Result // the first that was not OK: the request is refused
	limit int64        // bytes that the fields may still have
	count int
	room  []byte
	own   *buf.Buf // that room is part of, where no request has it

	method, path, scheme, authority bool // the field has come
	lined                           bool // the request line is known: no further pseudo-header field
}

// read decodes the block.
func (h *fieldReader) read(block []byte) *h2.Error {
	d := &h.c.decoder
	d.Begin()
	defer h.freeRoom()
	large := int(h.c.server.LargeHeaderBuffers.Size)
	for len(block) > 0 {
		f, rest, room, st := d.Next(block, h.room)
		if st == hpack.NoRoom {
			if !h.grow(large) {
				return &h2.Error{Code: h2.EnhanceYourCalm, Text: "client sent too large header field"}
			}
			continue
		}
		if st != hpack.OK {
			return blockError(st)
		}
		block, h.room = rest, room
		if f.Name == nil {
			break
		}
		if len(f.Value) > large || len(f.Name) > large {
			return &h2.Error{Code: h2.EnhanceYourCalm, Text: "client sent too large header field"}
		}
		if h.limit -= int64(len(f.Name) + len(f.Value)); h.limit < 0 {
			return tooLargeHeader()
		}
		if h.s != nil && h.rc == httpd.OK {
			h.rc = h.take(&f)
		}
	}
	return nil
}

// blockError is what a status of the decoder means.
func blockError(st hpack.Status) *h2.Error {
	code := h2.CompressionError
	switch st {
	case hpack.Truncated:
		code = h2.FrameSizeError
	case hpack.EmptyName:
		code = h2.ProtocolError
	}
	return &h2.Error{Code: code, Text: st.String()}
}

// grow gets room for a field. False: the field is larger than one may be.
func (h *fieldReader) grow(large int) bool {
	size := firstRoom
	for _, next := range [...]int{4 * firstRoom, 2*large*8/5 + 64} { // at last a name and a value of which Huffman's code has made the most
		if len(h.room) >= size {
			size = next
		}
	}
	if len(h.room) >= size {
		return false
	}
	b := buf.Sized(size)
	h.freeRoom()
	if h.s != nil {
		h.s.r.Proto.Bufs = append(h.s.r.Proto.Bufs, b)
	} else {
		h.own = b
	}
	h.room = b.B
	return true
}

// firstRoom is enough for the fields of most requests, in bytes.
const firstRoom = 2048

// freeRoom gives back room that no request has.
func (h *fieldReader) freeRoom() {
	if h.own != nil {
		h.own.Free()
		h.own, h.room = nil, nil
	}
}

// take takes a field. A result other than OK refuses the request.
func (h *fieldReader) take(f *hpack.Field) httpd.Result {
	r := h.s.r
	valid, ok := h.validate(f)
	if !ok {
		return httpd.StatusBadRequest
	}
	if f.Name[0] == ':' {
		return h.pseudo(f)
	}
	if rc := h.requestLine(); rc != httpd.OK {
		return rc
	}
	if !valid && r.Server().Conf.IgnoreInvalid {
		r.Logf(errlog.Info, nil, `client sent invalid header: "%s"`, f.Name)
		return httpd.OK
	}
	if f.Index == hpack.Cookie || string(f.Name) == "cookie" {
		h.s.cookies = append(h.s.cookies, f.Value)
		return httpd.OK
	}
	if h.count++; h.count > r.Server().Conf.MaxHeaders {
		r.Logf(errlog.Info, nil, "client sent too many header lines")
		return httpd.StatusHeaderTooLarge
	}
	field := h1.Field{Name: f.Name, Value: f.Value}
	if valid {
		field.ID = h1.LookupField(f.Name)
	}
	return r.TakeField(field)
}

// validate judges the characters of a field. valid is false for a name of which
// ignore_invalid_headers disposes; not ok: the request is refused.
func (h *fieldReader) validate(f *hpack.Field) (valid, ok bool) {
	r := h.s.r
	name := f.Name
	if name[0] == ':' {
		name = name[1:]
	}
	valid = true
	for _, ch := range name {
		switch {
		case 'a' <= ch && ch <= 'z', ch == '-', '0' <= ch && ch <= '9', ch == '_' && r.Server().Conf.Underscores:
		case ch <= 0x20, ch == 0x7f, ch == ':', 'A' <= ch && ch <= 'Z':
			r.Logf(errlog.Info, nil, `client sent invalid header name: "%s"`, f.Name)
			return false, false
		default:
			valid = false
		}
	}
	for _, ch := range f.Value {
		if ch == 0 || ch == '\n' || ch == '\r' {
			r.Logf(errlog.Info, nil, `client sent header "%s" with invalid value: "%s"`, f.Name, f.Value)
			return false, false
		}
	}
	return valid, true
}

// finish checks the header as a whole, once all fields were taken.
func (h *fieldReader) finish() httpd.Result {
	r := h.s.r
	if h.rc != httpd.OK {
		return h.rc
	}
	if !h.c.endpoint.Addr.SpeaksHTTP2(r.Server()) {
		r.Logf(errlog.Info, nil, "client attempted to request the server name for which the negotiated protocol is disabled")
		return httpd.StatusMisdirected
	}
	if rc := h.requestLine(); rc != httpd.OK {
		return rc
	}
	if rc := h.joinCookies(); rc != httpd.OK {
		return rc
	}
	if rc := h.checkConnection(); rc != httpd.OK {
		return rc
	}
	if rc := h.checkHost(); rc != httpd.OK {
		return rc
	}
	return h.checkBody()
}

// joinCookies makes one field of the crumbs (RFC 9113, section 8.2.3).
func (h *fieldReader) joinCookies() httpd.Result {
	r, n := h.s.r, 0
	if len(h.s.cookies) == 0 {
		return httpd.OK
	}
	for _, crumb := range h.s.cookies {
		n += len(crumb) + 2
	}
	all := r.Alloc(n - 2)[:0]
	for i, crumb := range h.s.cookies {
		if i > 0 {
			all = append(all, "; "...)
		}
		all = append(all, crumb...)
	}
	return r.TakeField(h1.Field{Name: cookieName, Value: all, ID: h1.Cookie})
}

var (
	cookieName = []byte("cookie")
	hostName   = []byte("host")
)

// checkConnection refuses fields that are about a connection of HTTP/1 (RFC 9113, section 8.2.2).
func (h *fieldReader) checkConnection() httpd.Result {
	r := h.s.r
	for _, id := range []h1.FieldID{h1.Connection, h1.KeepAlive, h1.TransferEncoding, h1.Upgrade} {
		if r.In.Has(id) {
			r.Logf(errlog.Info, nil, `client sent "%s" header`, id)
			return httpd.StatusBadRequest
		}
	}
	n := 0
	r.In.All(h1.TE, func(f *h1.Field) {
		if n++; !h1.EqualFold(f.Value, "trailers") {
			n++
		}
	})
	if n > 1 {
		r.Logf(errlog.Info, nil, `client sent invalid "TE" header`)
		return httpd.StatusBadRequest
	}
	return httpd.OK
}

// checkHost compares :authority and Host.
func (h *fieldReader) checkHost() httpd.Result {
	r := h.s.r
	switch {
	case r.Proto.Host == nil:
		r.Logf(errlog.Info, nil, `client sent neither ":authority" nor "Host" header`)
		return httpd.StatusBadRequest
	case !h.authority:
	case !r.In.Has(h1.Host):
		return r.TakeField(h1.Field{Name: hostName, Value: r.Line.Host, ID: h1.Host})
	case !bytes.Equal(r.In.Get(h1.Host), r.Line.Host):
		r.Logf(errlog.Info, nil, `client sent ":authority" and "Host" headers with different values`)
		return httpd.StatusBadRequest
	}
	return httpd.OK
}

// checkBody finds out what body is to come, and refuses methods that nobody serves.
func (h *fieldReader) checkBody() httpd.Result {
	r := h.s.r
	switch {
	case r.In.Has(h1.ContentLength):
		n, ok := h1.ParseContentLength(r.In.Get(h1.ContentLength))
		if !ok {
			r.Logf(errlog.Info, nil, `client sent invalid "Content-Length" header`)
			return httpd.StatusBadRequest
		}
		r.In.ContentLength = n
		if n > 0 && h.c.block.endStream {
			r.Logf(errlog.Info, nil, "client prematurely closed stream")
			return httpd.StatusBadRequest
		}
	case !h.c.block.endStream:
		r.In.Chunked = true
	}
	switch r.Method {
	case h1.Connect:
		r.Logf(errlog.Info, nil, "client sent CONNECT method")
		return httpd.StatusNotAllowed
	case h1.Trace:
		r.Logf(errlog.Info, nil, "client sent TRACE method")
		return httpd.StatusNotAllowed
	}
	return r.CheckTLS()
}
