package httpd

import (
	"errors"
	"io"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// head is the state of reading one request header: nginx's
// client_header_buffer_size and large_client_header_buffers.
type head struct {
	r     *Request
	c     *Conn
	large int   // large buffers in use
	until int64 // monotonic ns at which client_header_timeout ends
	start int   // where the element under way begins in c.in
}

// readHead reads and checks the request line and the header fields.
func (c *Conn) readHead(r *Request) Result {
	h := head{r: r, c: c}
	h.until = r.Start + r.srv.Conf.headerTimeout*1e6
	if r.number == 1 {
		h.until = c.firstUntil()
	}
	if h.c.inLarge {
		h.large = 1
	}
	r.main.action = "reading client request line"
	if r.Debugging() {
		r.Debugf("http process request line")
	}
	if rc := h.line(); rc != OK {
		return rc
	}
	if r.Line.HTTP09() {
		r.Version = 9
		if rc := r.chooseServer(r.name); rc != OK {
			return rc
		}
		return r.checkTLS()
	}
	r.main.action = "reading client request headers"
	if r.Debugging() {
		r.Debugf("http process request header line")
	}
	if rc := h.fields(); rc != OK {
		return rc
	}
	return r.checkHead()
}

// line reads the request line.
func (h *head) line() Result {
	r, c := h.r, h.c
	for {
		n, st := h1.ParseRequestLine(c.in.B[c.inPos:c.inEnd], &r.Line)
		switch st {
		case h1.OK:
			r.length += int64(n - r.Line.Skipped)
			c.inPos += n
			return h.lineDone()
		case h1.Again:
			c.inPos += n
			h.start = c.inPos
			if rc := h.more(true); rc != OK {
				return rc
			}
		default:
			if r.Line.MethodID != 0 {
				r.Method = r.Line.MethodID
			}
			r.Version = r.Line.Version()
			r.Logf(errlog.Info, nil, "%s", st.String())
			return Result(st.Code())
		}
	}
}

// lineDone takes the parts of a complete request line.
func (h *head) lineDone() Result {
	r := h.r
	l := &r.Line
	r.Method, r.MethodStr, r.Version = l.MethodID, l.Method, l.Version()
	r.validUnparsed = !l.EmptyPath
	r.encodedURI = l.Quoted || l.PlusInURI
	if l.NeedsNormalization() {
		var p h1.Path
		if st := h1.NormalizePath(r.Alloc(len(l.Target)+1), l.Target, r.srv.Conf.mergeSlashes, &p); st != h1.OK {
			r.URI = l.Target[:0] // known, and empty
			r.Logf(errlog.Info, nil, "client sent invalid request")
			return StatusBadRequest
		}
		r.URI, r.Args = p.Path, p.Args
		r.encodedURI = r.encodedURI || p.Quoted || p.PlusInURI
	} else {
		r.URI, r.Args = l.Path, l.Args
	}
	if r.Unparsed = l.Target; len(r.Args) == 0 {
		r.Args = nil // a question mark alone
	}
	if r.Debugging() {
		r.debugRequestLine()
	}
	if l.Host != nil {
		host, port, ok := h1.ValidateHost(r.Alloc(len(l.Host)), l.Host)
		if !ok {
			r.Logf(errlog.Info, nil, "client sent invalid host in request line")
			return StatusBadRequest
		}
		r.name, r.port = host, port
		return r.chooseServer(host)
	}
	return OK
}

// fields reads the header fields up to the empty line.
func (h *head) fields() Result {
	r, c := h.r, h.c
	var f h1.Field
	count := 0
	for {
		opts := h1.HeaderOptions{UnderscoresInHeaders: r.srv.Conf.underscores}
		n, st := h1.ParseHeaderLine(c.in.B[c.inPos:c.inEnd], &f, opts)
		switch st {
		case h1.OK:
			r.length += int64(n)
			c.inPos += n
			if f.Invalid && r.srv.Conf.ignoreInvalid {
				r.Logf(errlog.Info, nil, `client sent invalid header line: "%s"`, f.Line)
				continue
			}
			if count++; count > r.srv.Conf.maxHeaders {
				r.lingering = true
				r.Logf(errlog.Info, nil, "client sent too many header lines")
				return StatusHeaderTooLarge
			}
			if rc := r.takeField(f); rc != OK {
				return rc
			}
			if r.Debugging() {
				r.Debugf(`http header: "%s: %s"`, f.Name, f.Value)
			}
		case h1.Done:
			r.length += int64(n)
			c.inPos += n
			if r.Debugging() {
				r.Debugf("http header done")
			}
			return OK
		case h1.Again:
			h.start = c.inPos
			if rc := h.more(false); rc != OK {
				return rc
			}
		default:
			r.Logf(errlog.Info, nil, `client sent invalid header line: "%s\x%02x..."`, f.Line, f.Bad)
			return StatusBadRequest
		}
	}
}

// more reads on into the current buffer, or into a large one when it is full;
// the element under way moves along.
func (h *head) more(line bool) Result {
	c := h.c
	if c.inEnd == len(c.in.B) {
		if rc := h.grow(line); rc != OK {
			return rc
		}
	}
	if h.until <= clock.Mono() {
		return h.timeout()
	}
	c.readBy(h.until)
	n, err := c.rw.Read(c.in.B[c.inEnd:])
	if n > 0 {
		c.inEnd += n
		return OK
	}
	if err == nil {
		err = io.EOF
	}
	return h.readFailed(err)
}

func (h *head) timeout() Result {
	h.notePartial()
	h.r.Logf(errlog.Info, errTimedOut, "client timed out")
	h.r.timedOut = true
	return StatusRequestTimeout
}

// readFailed ends a request whose header never became complete.
func (h *head) readFailed(err error) Result {
	r := h.r
	if isTimeout(err) {
		return h.timeout()
	}
	h.notePartial()
	switch {
	case errors.Is(err, io.EOF), h.r.resetTLS(err):
		r.Logf(errlog.Info, nil, "client prematurely closed connection")
	default:
		lv := errlog.Info
		if e, ok := errlog.Errno(err); ok && e != syscall.ECONNRESET && e != syscall.EPIPE {
			lv = errlog.Error
		}
		r.Logf(lv, err, "recv() failed")
	}
	r.failed = true
	return StatusBadRequest
}

// notePartial makes the beginning of a request line that never ended the
// request's, for the logs.
func (h *head) notePartial() {
	if r, c := h.r, h.c; r.Line.Line == nil && h.start < c.inEnd {
		r.Line.Line = h1.PartialLine(c.in.B[h.start:c.inEnd])
	}
}

// grow moves the element under way into a large buffer.
func (h *head) grow(line bool) Result {
	r, c := h.r, h.c
	large := r.srv.Conf.largeHeaderBuffers
	part := c.in.B[h.start:c.inEnd]
	if len(part) >= int(large.Size) || h.large >= large.Num {
		r.lingering = true
		if line {
			r.Line.Line = h1.PartialLine(part)
			r.Logf(errlog.Info, nil, "client sent too long URI")
			return StatusURITooLarge
		}
		if len(part) == 0 {
			r.Logf(errlog.Info, nil, "client sent too large request")
		} else {
			r.Logf(errlog.Info, nil, `client sent too long header line: "%s..."`, part[:min(len(part), 2048-300)])
		}
		return StatusHeaderTooLarge
	}
	b := buf.Sized(int(large.Size))
	b.B = b.B[:large.Size]
	n := copy(b.B, part)
	if line {
		c.in.Free()
	} else {
		r.bufs = append(r.bufs, c.in)
	}
	c.in, c.inPos, c.inEnd, c.inLarge = b, 0, n, true
	h.start = 0
	h.large++
	return OK
}

// takeField files one field; some have duties.
func (r *Request) takeField(f h1.Field) Result {
	switch f.ID {
	case h1.Host:
		if r.In.Has(h1.Host) {
			r.Logf(errlog.Info, nil, `client sent duplicate host header: "%s: %s", previous value: "%s: %s"`,
				f.Name, f.Value, names[h1.Host], r.In.Get(h1.Host))
			return StatusBadRequest
		}
		r.In.add(f)
		host, port, ok := h1.ValidateHost(r.Alloc(len(f.Value)), f.Value)
		if !ok {
			r.Logf(errlog.Info, nil, "client sent invalid host header")
			return StatusBadRequest
		}
		if r.name != nil {
			return OK // the request line's host counts
		}
		r.name, r.port = host, port
		return r.chooseServer(host)
	case h1.Connection:
		if t := h1.ConnectionOption(f.Value); t != h1.ConnectionUnset {
			r.In.Conn = t
		}
	case h1.UserAgent:
		r.In.UserAgent = recognise(f.Value)
	case h1.IfModifiedSince, h1.IfUnmodifiedSince, h1.IfMatch, h1.IfNoneMatch, h1.ContentLength, h1.ContentRange,
		h1.IfRange, h1.TransferEncoding, h1.Expect, h1.Authorization, h1.ProxyAuthorization:
		if r.In.Has(f.ID) {
			r.Logf(errlog.Info, nil, `client sent duplicate header line: "%s: %s", previous value: "%s: %s"`,
				f.Name, f.Value, r.In.List[r.In.first[f.ID]-1].Name, r.In.Get(f.ID))
			return StatusBadRequest
		}
	}
	r.In.add(f)
	return OK
}
