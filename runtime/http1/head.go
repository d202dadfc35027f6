package http1

import (
	"errors"
	"io"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// head is the state of reading one request header: nginx's
// client_header_buffer_size and large_client_header_buffers.
type head struct {
	r     *httpd.Request
	in    *input
	from  source
	large int   // large buffers in use
	until int64 // monotonic ns at which client_header_timeout ends
	start int   // where the request line or field that is being read begins, in in.in.B
}

// source is what a head is read from.
type source interface {
	// readBy reads into p; a wait ends at the monotonic time until.
	readBy(p []byte, until int64) (int, error)
}

// readBy implements source.
func (c *Conn) readBy(p []byte, until int64) (int, error) {
	c.conn.ReadUntil(until)
	return c.rw.Read(p)
}

// readHead reads and checks the request line and the header fields, until the monotonic
// time until. in has what was read before, and after it what is behind the head.
func readHead(r *httpd.Request, in *input, from source, until int64) httpd.Result {
	h := head{r: r, in: in, from: from, until: until}
	if in.inLarge {
		h.large = 1
	}
	r.Action("reading client request line")
	if r.Debugging() {
		r.Debugf("http process request line")
	}
	if rc := h.line(); rc != httpd.OK {
		return rc
	}
	if r.Line.HTTP09() {
		r.Version = 9
		if rc := r.ChooseServer(r.Proto.Host); rc != httpd.OK {
			return rc
		}
		return r.CheckTLS()
	}
	r.Action("reading client request headers")
	if r.Debugging() {
		r.Debugf("http process request header line")
	}
	if rc := h.fields(); rc != httpd.OK {
		return rc
	}
	return checkHead(r)
}

// line reads the request line.
func (h *head) line() httpd.Result {
	r, c := h.r, h.in
	for {
		n, st := h1.ParseRequestLine(c.in.B[c.inPos:c.inEnd], &r.Line)
		switch st {
		case h1.OK:
			r.Proto.Length += int64(n - r.Line.Skipped)
			c.inPos += n
			return h.lineDone()
		case h1.Again:
			c.inPos += n
			h.start = c.inPos
			if rc := h.more(true); rc != httpd.OK {
				return rc
			}
		default:
			if r.Line.MethodID != 0 {
				r.Method = r.Line.MethodID
			}
			r.Version = r.Line.Version()
			r.Logf(errlog.Info, nil, "%s", st.String())
			return httpd.Result(st.Code())
		}
	}
}

// lineDone takes the parts of a complete request line.
func (h *head) lineDone() httpd.Result {
	r := h.r
	l := &r.Line
	r.Method, r.MethodStr, r.Version = l.MethodID, l.Method, l.Version()
	r.Proto.ValidUnparsed = !l.EmptyPath
	if rc := r.TakeTarget(); rc != httpd.OK {
		return rc
	}
	if r.Debugging() {
		r.DebugRequestLine()
	}
	if l.Host != nil {
		host, port, ok := h1.ValidateHost(r.Alloc(len(l.Host)), l.Host)
		if !ok {
			r.Logf(errlog.Info, nil, "client sent invalid host in request line")
			return httpd.StatusBadRequest
		}
		r.Proto.Host, r.Proto.Port = host, port
		return r.ChooseServer(host)
	}
	return httpd.OK
}

// fields reads the header fields up to the empty line.
func (h *head) fields() httpd.Result {
	r, c := h.r, h.in
	var f h1.HeaderLine
	count := 0
	for {
		opts := h1.HeaderOptions{UnderscoresInHeaders: r.Server().Conf.Underscores}
		n, st := h1.ParseHeaderLine(c.in.B[c.inPos:c.inEnd], &f, opts)
		switch st {
		case h1.OK:
			r.Proto.Length += int64(n)
			c.inPos += n
			if f.Invalid && r.Server().Conf.IgnoreInvalid {
				r.Logf(errlog.Info, nil, `client sent invalid header line: "%s"`, f.Line)
				continue
			}
			if count++; count > r.Server().Conf.MaxHeaders {
				r.Proto.Lingering = true
				r.Logf(errlog.Info, nil, "client sent too many header lines")
				return httpd.StatusHeaderTooLarge
			}
			if rc := r.TakeField(f.Field); rc != httpd.OK {
				return rc
			}
			if r.Debugging() {
				r.Debugf(`http header: "%s: %s"`, f.Name, f.Value)
			}
		case h1.Done:
			r.Proto.Length += int64(n)
			c.inPos += n
			if r.Debugging() {
				r.Debugf("http header done")
			}
			return httpd.OK
		case h1.Again:
			h.start = c.inPos
			if rc := h.more(false); rc != httpd.OK {
				return rc
			}
		default:
			r.Logf(errlog.Info, nil, `client sent invalid header line: "%s\x%02x..."`, f.Line, f.Bad)
			return httpd.StatusBadRequest
		}
	}
}

// more reads on into the current buffer, or into a large one when it is full;
// the element under way moves along.
func (h *head) more(line bool) httpd.Result {
	c := h.in
	if c.inEnd == len(c.in.B) {
		if rc := h.grow(line); rc != httpd.OK {
			return rc
		}
	}
	if h.until <= clock.Mono() {
		return h.timeout()
	}
	n, err := h.from.readBy(c.in.B[c.inEnd:], h.until)
	if n > 0 {
		c.inEnd += n
		return httpd.OK
	}
	if err == nil {
		err = io.EOF
	}
	return h.readFailed(err)
}

// timeout ends a request whose header did not come in time.
func (h *head) timeout() httpd.Result {
	h.notePartial()
	h.r.Logf(errlog.Info, httpd.ErrTimedOut, "client timed out")
	h.r.Proto.TimedOut = true
	return httpd.StatusRequestTimeout
}

// readFailed ends a request whose header never became complete.
func (h *head) readFailed(err error) httpd.Result {
	r := h.r
	if httpd.IsTimeout(err) {
		return h.timeout()
	}
	h.notePartial()
	switch {
	case errors.Is(err, io.EOF):
		r.Logf(errlog.Info, nil, "client prematurely closed connection")
	default:
		lv := errlog.Info
		if e, ok := errlog.Errno(err); ok && e != syscall.ECONNRESET && e != syscall.EPIPE {
			lv = errlog.Error
		}
		r.Logf(lv, err, "%s", httpd.ReadFailed(err))
	}
	r.Proto.Failed = true
	return httpd.StatusBadRequest
}

// notePartial gives the logs as much of the request line as has come, where its end has
// not.
func (h *head) notePartial() {
	if r, c := h.r, h.in; r.Line.Line == nil && h.start < c.inEnd {
		r.Line.Line = h1.PartialLine(c.in.B[h.start:c.inEnd])
	}
}

// grow moves the element under way into a large buffer.
func (h *head) grow(line bool) httpd.Result {
	r, c := h.r, h.in
	large := r.Server().Conf.LargeHeaderBuffers
	part := c.in.B[h.start:c.inEnd]
	if len(part) >= int(large.Size) || h.large >= large.Num {
		r.Proto.Lingering = true
		if line {
			r.Line.Line = h1.PartialLine(part)
			r.Logf(errlog.Info, nil, "client sent too long URI")
			return httpd.StatusURITooLarge
		}
		if len(part) == 0 {
			r.Logf(errlog.Info, nil, "client sent too large request")
		} else {
			r.Logf(errlog.Info, nil, `client sent too long header line: "%s..."`, part[:min(len(part), 2048-300)])
		}
		return httpd.StatusHeaderTooLarge
	}
	b := buf.Sized(int(large.Size))
	b.B = b.B[:large.Size]
	n := copy(b.B, part)
	if line {
		c.in.Free()
	} else {
		r.Proto.Bufs = append(r.Proto.Bufs, c.in)
	}
	c.in, c.inPos, c.inEnd, c.inLarge = b, 0, n, true
	h.start = 0
	h.large++
	return httpd.OK
}
