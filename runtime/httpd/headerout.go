package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	"strconv"
)

// SendHead implements Carrier: it writes the response header into the connection's output, in
// nginx's order: status line, Server, Date, Content-Type, Content-Length,
// Last-Modified, Location, Transfer-Encoding, Connection, Keep-Alive, Vary,
// the rest.
func (c *Conn) SendHead(r *Request) Result {
	o := &r.Out
	c.nc.SetWriteTimeout(msec(r.loc.Core.sendTimeout))
	if r.Version < 1000 {
		return OK
	}
	if c.retired || c.srv.quitting.Load() {
		r.keepalive = false
	}
	r.frame()
	if c.outLen > 0 && c.room()-c.outLen < 2048 {
		if err := c.Flush(r); err != nil {
			r.broken(err)
			return Error
		}
	}
	if c.out == nil {
		c.out = buf.Sized(c.room())
	}
	start := c.outLen
	b := c.out.B[:start]
	if o.StatusLine != nil {
		b = append(b, "HTTP/1.1 "...)
		b = append(b, o.StatusLine...)
		b = append(b, '\r', '\n')
	} else {
		b = appendStatusLine(b, o.Status)
	}
	b = r.appendFixed(b)
	b = r.appendLocation(b)
	b = r.appendConnection(b)
	for i := range o.List {
		if h := &o.List[i]; !h.Hidden {
			b = append(b, h.Name...)
			b = append(b, ": "...)
			b = append(b, h.Value...)
			b = append(b, '\r', '\n')
		}
	}
	b = append(b, '\r', '\n')
	return c.keepHeader(r, b, start)
}

// keepHeader leaves the finished header to go with the body, unless it
// outgrew the buffer.
func (c *Conn) keepHeader(r *Request, b []byte, start int) Result {
	n := len(b) - start
	if r.Debugging() {
		r.debugHeader(b[start:])
	}
	r.headSize = int64(n)
	r.sent += int64(n)
	if len(b) <= c.room() {
		c.outLen = len(b)
	} else {
		c.outLen = 0
		if _, err := c.rw.Write(b); err != nil {
			r.broken(err)
			return Error
		}
		c.countOut(len(b), nil)
	}
	if r.headerOnly || r.loc.Core.postponeOutput == 0 && c.tls == nil {
		if err := c.Flush(r); err != nil {
			r.broken(err)
			return Error
		}
	}
	return OK
}

// frame decides how the client will know where the body ends, as nginx's
// header and chunked filters do.
func (r *Request) frame() {
	o := &r.Out
	if r.Method == h1.Head {
		r.headerOnly = true
	}
	if o.LastModified != -1 && o.Status != 200 && o.Status != 206 && o.Status != 304 {
		o.LastModified, o.LastModText, o.lastModGone = -1, nil, true
	}
	switch {
	case o.Status == 204:
		r.headerOnly = true
		if o.StatusLine == nil { // a proxied one keeps what it says
			o.ContentType = nil
			o.ContentLength = -1
		}
		return
	case o.Status == 304:
		r.headerOnly = true
		return
	case o.Status < 200 || r.Method == h1.Head:
		return
	}
	if o.ContentLength != -1 && !r.expectTrailers {
		return
	}
	if r.Version >= 1001 && r.loc.Core.chunked {
		o.ContentLength = -1
		r.chunked = true
	} else if o.ContentLength == -1 {
		r.keepalive = false
	}
}

var (
	serverLine = []byte("Server: " + Product + "\r\n")
	serverFull = []byte("Server: " + Product + "/" + Version + "\r\n")
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

func (r *Request) appendFixed(b []byte) []byte {
	o := &r.Out
	switch {
	case o.Server != nil:
		b = appendLine(b, "Server: ", o.Server)
	case r.loc.Core.serverTokens >= tokensOn:
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
	case o.lastModListed:
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

// appendLocation completes a Location that is a path, by absolute_redirect,
// server_name_in_redirect and port_in_redirect.
func (r *Request) appendLocation(b []byte) []byte {
	h := r.Out.Find(h1.Location)
	core := r.loc.Core
	if h == nil || h.Verbatim || len(h.Value) == 0 || h.Value[0] != '/' || !core.absoluteRedirect {
		return b
	}
	b = append(b, "Location: "...)
	at := len(b)
	b = append(b, "http"...)
	if r.client.TLS != nil {
		b = append(b, 's')
	}
	b = append(b, "://"...)
	switch {
	case core.serverNameRedirect:
		b = append(b, r.srv.Name...)
	case len(r.name) > 0:
		b = append(b, r.name...)
	default:
		b = r.client.Socket.Local().AppendHost(b)
	}
	if port := r.client.Socket.Local().Port(); core.portRedirect && port != 0 {
		if std := uint16(80); r.client.TLS != nil {
			std = 443
			if port != std {
				b = strconv.AppendInt(append(b, ':'), int64(port), 10)
			}
		} else if port != std {
			b = strconv.AppendInt(append(b, ':'), int64(port), 10)
		}
	}
	b = append(b, h.Value...)
	h.Value = r.Copy(b[at:])
	h.Hidden = true
	r.sentLocation = h.Value
	return append(b, '\r', '\n')
}

func (r *Request) appendConnection(b []byte) []byte {
	if r.chunked {
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	}
	switch {
	case r.Out.Status == 101:
		b = append(b, "Connection: upgrade\r\n"...)
	case r.keepalive:
		b = append(b, "Connection: keep-alive\r\n"...)
		if s := r.loc.Core.keepaliveHeader; s > 0 {
			b = append(b, "Keep-Alive: timeout="...)
			b = strconv.AppendInt(b, s, 10)
			b = append(b, '\r', '\n')
		}
	default:
		b = append(b, "Connection: close\r\n"...)
	}
	if r.gzipVary {
		b = append(b, "Vary: Accept-Encoding\r\n"...)
	}
	return b
}

// SendHints implements Carrier.
func (c *Conn) SendHints(r *Request) error {
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
func (c *Conn) Continue(r *Request) error {
	n, err := c.rw.Write(continueLine)
	r.sent += int64(n)
	return err
}

var continueLine = []byte("HTTP/1.1 100 Continue\r\n\r\n")
