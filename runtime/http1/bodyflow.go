package http1

import (
	"errors"
	"io"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// bodyFlow implements BodyFlow. It holds one buffer of bodyRead bytes, and none while it waits.
type bodyFlow struct {
	httpd.FlowState
	nc      front.Transport
	rw      io.Reader
	stream  front.PooledReader // the same
	timeout time.Duration
	most    int64 // client_max_body_size in bytes, 0: any size
	ahead   int64 // how many bytes may be read beyond the body

	bodyDecoder
	buf      *buf.Buf // nil: nothing is left to be used
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
		nc: c.nc, rw: c.rw, stream: c.stream(), timeout: httpd.Msec(r.Location().Core.BodyTimeout), most: r.Location().Core.MaxBodySize,
		ahead:       r.Server().Conf.LargeHeaderBuffers.Size,
		bodyDecoder: c.body.bodyDecoder,
	}
	f.Begin(b.Size)
	r.Proto.Flow = f
	if c.inPos < c.inEnd {
		f.buf = buf.Sized(c.inEnd - c.inPos)
		f.end = copy(f.buf.B, c.in.B[c.inPos:c.inEnd])
		c.inPos = c.inEnd
	}
	if c.ownBuf {
		c.freeInput()
	}
	return f, nil
}

// Next implements BodyFlow. What is between the chunks of a body goes out of the buffer.
func (f *bodyFlow) Next() (piece []byte, err error) {
	for len(piece) == 0 && !f.done && f.err == nil {
		if f.pos == f.end {
			if f.err = f.fill(); f.err != nil {
				break
			}
		}
		piece = f.buf.B[f.pos:f.pos]
		for f.pos < f.end && !f.done && f.err == nil {
			piece = append(piece, f.decode()...)
		}
	}
	switch {
	case f.err != nil:
		return nil, f.err
	case len(piece) == 0:
		return nil, io.EOF
	}
	return piece, nil
}

// Done reports whether the body was read to its end.
func (f *bodyFlow) Done() bool { return f.done }

// Interrupt makes Next end with an error. Any goroutine may call it.
func (f *bodyFlow) Interrupt() { _ = f.nc.SetReadDeadline(time.Unix(1, 0)) }

// fill reads into the buffer, once all in it is used up.
func (f *bodyFlow) fill() error {
	f.nc.SetReadTimeout(f.timeout)
	n, err := f.read()
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

// read reads up to bodyRead bytes into a buffer of its own.
func (f *bodyFlow) read() (n int, err error) {
	f.free()
	limit := int(f.atOnce(bodyRead, f.ahead))
	if limit == bodyRead {
		f.buf, n, err = f.stream.ReadPooled(bodyPool)
		return n, err
	}
	f.buf = buf.Sized(limit)
	return f.rw.Read(f.buf.B[:limit])
}

// free gives back the buffer, in which nothing is left.
func (f *bodyFlow) free() {
	if f.buf != nil {
		f.buf.Free()
		f.buf = nil
	}
	f.pos, f.end = 0, 0
}

// decode takes the next piece that is all body.
func (f *bodyFlow) decode() []byte {
	piece, used, ok := f.take(f.buf.B[f.pos:f.end])
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
		f.buf = nil
	} else {
		f.free()
	}
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
