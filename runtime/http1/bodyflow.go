package http1

import (
	"errors"
	"io"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// bodyFlow implements BodyFlow. It holds one buffer of bodyRead bytes.
type bodyFlow struct {
	httpd.FlowState
	nc      front.Transport
	rw      io.Reader
	timeout time.Duration
	most    int64 // client_max_body_size in bytes, 0: any size
	ahead   int64 // how many bytes may be read beyond the body

	bodyDecoder
	buf      *buf.Buf
	pos, end int
	raw      int64 // bytes read and used, framing included
	more     int64 // with errTooLarge: what would have made the body too large
	err      error // that ended reading
}

// DetachBody implements Carrier.
func (c *Conn) DetachBody(r *httpd.Request) (httpd.BodyFlow, error) {
	b := &r.Body
	if err := c.shareReads(); err != nil {
		return nil, err
	}
	c.startBody(r)
	f := &bodyFlow{
		nc: c.nc, rw: c.rw, timeout: httpd.Msec(r.Location().Core.BodyTimeout), most: r.Location().Core.MaxBodySize,
		ahead:       r.Server().Conf.LargeHeaderBuffers.Size,
		buf:         buf.Sized(max(bodyRead, c.inEnd-c.inPos)),
		bodyDecoder: c.body.bodyDecoder,
	}
	f.Begin(b.Size)
	r.Proto.Flow = f
	if c.inPos < c.inEnd {
		f.end = copy(f.buf.B, c.in.B[c.inPos:c.inEnd])
		c.inPos = c.inEnd
	}
	return f, nil
}

// Read fills p with what has come of the body, and waits only while that is
// nothing. io.EOF: the body is complete.
func (f *bodyFlow) Read(p []byte) (n int, err error) {
	for n < len(p) && !f.done && f.err == nil {
		if f.pos == f.end {
			if n > 0 {
				break
			}
			if f.err = f.fill(); f.err != nil {
				break
			}
		}
		n += copy(p[n:], f.decode(len(p)-n))
	}
	switch {
	case f.err != nil:
		return n, f.err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// Done reports whether the body was read to its end.
func (f *bodyFlow) Done() bool { return f.done }

// Interrupt makes Read end with an error. Any goroutine may call it.
func (f *bodyFlow) Interrupt() { _ = f.nc.SetReadDeadline(time.Unix(1, 0)) }

// fill reads into the buffer, once all in it is used up.
func (f *bodyFlow) fill() error {
	f.nc.SetReadTimeout(f.timeout)
	n, err := f.rw.Read(f.buf.B[:f.atOnce(len(f.buf.B), f.ahead)])
	if n == 0 {
		if err == nil {
			err = io.EOF
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	f.pos, f.end = 0, n
	return nil
}

// decode takes what it can, at most limit bytes.
func (f *bodyFlow) decode(limit int) []byte {
	piece, used, ok := f.take(f.buf.B[f.pos:min(f.end, f.pos+limit)])
	f.pos += used
	f.raw += int64(used)
	if !ok {
		f.err = httpd.ErrBadBody
		return nil
	}
	if more, tooLarge := f.excess(piece, f.Size, f.most); tooLarge {
		f.err, f.more = httpd.ErrTooLarge, more
		return nil
	}
	f.Size += int64(len(piece))
	if f.done {
		f.Whole()
	}
	return piece
}

// AttachBody implements Carrier.
func (c *Conn) AttachBody(r *httpd.Request, flow httpd.BodyFlow) error {
	f := flow.(*bodyFlow)
	b := &r.Body
	r.Proto.Flow = nil
	_ = c.nc.SetReadDeadline(time.Time{})
	c.body.bodyDecoder, b.Done, b.Size = f.bodyDecoder, f.done, f.Size
	b.Unread = !b.Done
	c.countRaw(r, f.raw)
	if f.pos < f.end {
		if c.in != nil {
			r.Proto.Bufs = append(r.Proto.Bufs, c.in) // fields may point into it
		}
		c.in, c.inPos, c.inEnd, c.inLarge = f.buf, f.pos, f.end, true
		c.ownBuf = true
	} else {
		f.buf.Free()
	}
	f.buf = nil
	switch {
	case errors.Is(f.err, httpd.ErrBadBody), errors.Is(f.err, httpd.ErrTooLarge):
		r.RefuseBody(f.err, f.more)
	case b.Done && c.body.chunked:
		r.In.ContentLength = b.Size // as of a body that was announced
	case errors.Is(f.err, io.ErrUnexpectedEOF):
		return io.EOF
	}
	return f.err
}
