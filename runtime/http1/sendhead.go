package http1

import (
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/product"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// SendHead implements Carrier: it writes the response header into the connection's output, in
// nginx's order: status line, Server, Date, Content-Type, Content-Length,
// Last-Modified, Location, Transfer-Encoding, Connection, Keep-Alive, Vary,
// the rest.
func (c *Conn) SendHead(r *httpd.Request) httpd.Result {
	c.nc.SetWriteTimeout(httpd.Msec(r.Location().Core.SendTimeout))
	if r.Version < 1000 {
		return httpd.OK
	}
	if c.conn.Retired() || c.conn.Quitting() {
		r.Proto.Keepalive = false
	}
	frame(r)
	if c.outLen > 0 && c.room()-c.outLen < 2048 {
		if err := c.Flush(r); err != nil {
			r.Broken(err)
			return httpd.Error
		}
	}
	if c.out == nil {
		c.out = buf.Sized(c.room())
	}
	start := c.outLen
	return c.keepHeader(r, appendHead(c.out.B[:start], r), start)
}

// appendHead appends the head of a response whose framing is decided. Its frame is not to be that of SendHead (docs/adr/0048).
//
//go:noinline
func appendHead(b []byte, r *httpd.Request) []byte {
	o := &r.Out
	if o.StatusLine != nil {
		b = append(b, "HTTP/1.1 "...)
		b = append(b, o.StatusLine...)
		b = append(b, '\r', '\n')
	} else {
		b = appendStatusLine(b, o.Status)
	}
	b = appendFixed(r, b)
	b = appendLocation(r, b)
	b = appendConnection(r, b)
	for i := range o.List {
		if h := &o.List[i]; !h.Hidden {
			b = append(b, h.Name...)
			b = append(b, ": "...)
			b = append(b, h.Value...)
			b = append(b, '\r', '\n')
		}
	}
	return append(b, '\r', '\n')
}

// keepHeader leaves the header b[start:] in the output buffer, so that it is sent with the
// body. One that has outgrown the buffer is written at once, with what was before it in b.
func (c *Conn) keepHeader(r *httpd.Request, b []byte, start int) httpd.Result {
	n := len(b) - start
	if r.Debugging() {
		r.DebugHeader(b[start:])
	}
	r.Proto.HeadSize = int64(n)
	r.Proto.Sent += int64(n)
	if len(b) <= c.room() {
		c.outLen = len(b)
	} else {
		c.outLen = 0
		if _, err := c.rw.Write(b); err != nil {
			r.Broken(err)
			return httpd.Error
		}
		c.wrote(len(b), nil)
	}
	if r.Proto.HeaderOnly || r.Location().Core.PostponeOutput == 0 && !c.encrypted() {
		if err := c.Flush(r); err != nil {
			r.Broken(err)
			return httpd.Error
		}
	}
	return httpd.OK
}

// frame decides how the client will know where the body ends, as nginx's
// header and chunked filters do.
func frame(r *httpd.Request) {
	o := &r.Out
	if r.Method == h1.Head {
		r.Proto.HeaderOnly = true
	}
	if o.LastModified != -1 && o.Status != 200 && o.Status != 206 && o.Status != 304 {
		o.LastModified, o.LastModText, o.LastModGone = -1, nil, true
	}
	switch {
	case o.Status == 204:
		r.Proto.HeaderOnly = true
		if o.StatusLine == nil { // a proxied one keeps what it says
			o.ContentType = nil
			o.ContentLength = -1
		}
		return
	case o.Status == 304:
		r.Proto.HeaderOnly = true
		return
	case o.Status < 200 || r.Method == h1.Head:
		return
	case r.Method == h1.Connect && o.Status < 300: // what follows is the peer's, as it is
		return
	}
	if o.ContentLength != -1 && !r.Proto.ExpectTrailers {
		return
	}
	if r.Version >= 1001 && r.Location().Core.Chunked {
		o.ContentLength = -1
		r.Proto.Chunked = true
	} else if o.ContentLength == -1 {
		r.Proto.Keepalive = false
	}
}

var (
	serverLine = []byte("Server: " + product.Name + "\r\n")
	serverFull = []byte("Server: " + product.Name + "/" + product.Version + "\r\n")
)

// appendLine appends a field that has a value.
func appendLine(b []byte, name string, value []byte) []byte {
	if len(value) == 0 {
		return b
	}
	b = append(b, name...)
	b = append(b, value...)
	return append(b, '\r', '\n')
}

// appendFixed appends the fields that every response has, and those that have a place of
// their own in httpd's Out.
func appendFixed(r *httpd.Request, b []byte) []byte {
	o := &r.Out
	switch {
	case o.Server != nil:
		b = appendLine(b, "Server: ", o.Server)
	case r.Location().Core.ServerTokens >= settings.TokensOn:
		b = append(b, serverFull...)
	default:
		b = append(b, serverLine...)
	}
	if o.Date != nil {
		b = appendLine(b, "Date: ", o.Date)
	} else {
		b = append(b, "Date: "...)
		b = append(b, clock.HTTPDate()...)
		b = append(b, '\r', '\n')
	}
	if len(o.ContentType) > 0 {
		b = append(b, "Content-Type: "...)
		at := len(b)
		b = append(b, o.ContentType...)
		if o.CharsetSet && len(o.Charset) > 0 {
			b = append(b, "; charset="...)
			b = append(b, o.Charset...)
			o.ContentType = r.Copy(b[at:])
		}
		b = append(b, '\r', '\n')
	}
	if o.ContentLength >= 0 {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, o.ContentLength, 10)
		b = append(b, '\r', '\n')
	}
	switch {
	case o.LastModListed:
	case o.LastModText != nil:
		b = append(b, "Last-Modified: "...)
		b = append(b, o.LastModText...)
		b = append(b, '\r', '\n')
	case o.LastModified != -1:
		b = append(b, "Last-Modified: "...)
		b = clock.AppendHTTPDate(b, o.LastModified)
		b = append(b, '\r', '\n')
	}
	return b
}

// appendLocation appends a Location that has been completed.
func appendLocation(r *httpd.Request, b []byte) []byte {
	if !r.CompleteLocation() {
		return b
	}
	h := r.Out.Find(h1.Location)
	h.Hidden = true
	b = append(b, "Location: "...)
	b = append(b, h.Value...)
	return append(b, '\r', '\n')
}

// appendConnection appends the fields about the connection, and Vary.
func appendConnection(r *httpd.Request, b []byte) []byte {
	if r.Proto.Chunked {
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	}
	switch {
	case r.Out.Status == 101:
		b = append(b, "Connection: upgrade\r\n"...)
	case r.Proto.Keepalive:
		b = append(b, "Connection: keep-alive\r\n"...)
		if s := r.Location().Core.KeepaliveHeader; s > 0 {
			b = append(b, "Keep-Alive: timeout="...)
			b = strconv.AppendInt(b, s, 10)
			b = append(b, '\r', '\n')
		}
	default:
		b = append(b, "Connection: close\r\n"...)
	}
	if r.Proto.GzipVary {
		b = append(b, "Vary: Accept-Encoding\r\n"...)
	}
	return b
}

// SendHints implements Carrier.
func (c *Conn) SendHints(r *httpd.Request) error {
	b := append(r.Alloc(1024)[:0], "HTTP/1.1 103 Early Hints\r\n"...)
	empty := len(b)
	for i := range r.Out.List {
		if h := &r.Out.List[i]; !h.Hidden {
			b = append(b, h.Name...)
			b = append(b, ": "...)
			b = append(b, h.Value...)
			b = append(b, '\r', '\n')
		}
	}
	if len(b) == empty {
		return nil
	}
	if err := c.put(r, append(b, '\r', '\n')); err != nil {
		return err
	}
	return c.Flush(r)
}

// Continue implements Carrier.
func (c *Conn) Continue(r *httpd.Request) error {
	n, err := c.rw.Write(continueLine)
	r.Proto.Sent += int64(n)
	return err
}

var continueLine = []byte("HTTP/1.1 100 Continue\r\n\r\n")
