package httpd

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// BodyFlow is the rest of a request body while it is read beside the response, on
// a goroutine of its own. Reading changes nothing of the request; AttachBody takes
// the results over. It holds one buffer of bodyRead bytes.
type BodyFlow struct {
	nc      *netio.Conn
	rw      io.Reader
	timeout time.Duration
	most    int64 // client_max_body_size, 0: none
	ahead   int64 // how much may be read beyond the body

	bodyDecoder
	buf      *buf.Buf
	pos, end int
	size     int64 // of the whole body so far
	raw      int64 // bytes taken
	more     int64 // with errTooLarge: what would have made the body too large
	err      error // that ended reading

	whole    atomic.Bool   // the body was read to its end, and size does not change any more
	complete atomic.Bool   // ... and was passed on
	lost     chan struct{} // closed when the request is to end by what happened to the body
}

// DetachBody implements Carrier.
func (c *Conn) DetachBody(r *Request) (*BodyFlow, error) {
	b := &r.Body
	if err := c.shareReads(); err != nil {
		return nil, err
	}
	r.startBody()
	f := &BodyFlow{
		nc: c.nc, rw: c.rw, timeout: msec(r.loc.Core.bodyTimeout), most: r.loc.Core.maxBodySize,
		ahead:       r.srv.Conf.largeHeaderBuffers.Size,
		buf:         buf.Sized(max(bodyRead, c.inEnd-c.inPos)),
		bodyDecoder: b.bodyDecoder, size: b.Size,
		lost: make(chan struct{}),
	}
	r.flow = f
	if c.inPos < c.inEnd {
		f.end = copy(f.buf.B, c.in.B[c.inPos:c.inEnd])
		c.inPos = c.inEnd
	}
	return f, nil
}

// Read fills p with what has come of the body, and waits only while that is
// nothing. io.EOF: the body is complete.
func (f *BodyFlow) Read(p []byte) (n int, err error) {
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
func (f *BodyFlow) Done() bool { return f.done }

// Passed is called when the body was read and passed on to its end: from then on
// Sleep ends when the client leaves, until then by Lose alone.
func (f *BodyFlow) Passed() { f.complete.Store(true) }

// Lose ends the waits of the request: it is to end by what happened to the body. It
// is called once at most.
func (f *BodyFlow) Lose() { close(f.lost) }

func (f *BodyFlow) isLost() bool {
	select {
	case <-f.lost:
		return true
	default:
		return false
	}
}

// Interrupt makes Read end with an error. Any goroutine may call it.
func (f *BodyFlow) Interrupt() { _ = f.nc.SetReadDeadline(time.Unix(1, 0)) }

func (f *BodyFlow) fill() error {
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
func (f *BodyFlow) decode(limit int) []byte {
	piece, used, ok := f.take(f.buf.B[f.pos:min(f.end, f.pos+limit)])
	f.pos += used
	f.raw += int64(used)
	if !ok {
		f.err = errBadBody
		return nil
	}
	if more, tooLarge := f.excess(piece, f.size, f.most); tooLarge {
		f.err, f.more = errTooLarge, more
		return nil
	}
	f.size += int64(len(piece))
	if f.done {
		f.whole.Store(true)
	}
	return piece
}

// AttachBody implements Carrier.
func (c *Conn) AttachBody(r *Request, f *BodyFlow) error {
	b := &r.Body
	r.flow = nil
	_ = c.nc.SetReadDeadline(time.Time{})
	b.bodyDecoder, b.Size = f.bodyDecoder, f.size
	b.unread = !b.done
	r.countRaw(f.raw)
	if f.pos < f.end {
		if c.in != nil {
			r.bufs = append(r.bufs, c.in) // fields may point into it
		}
		c.in, c.inPos, c.inEnd, c.inLarge = f.buf, f.pos, f.end, true
		b.ownBuf = true
	} else {
		f.buf.Free()
	}
	f.buf = nil
	switch {
	case errors.Is(f.err, errBadBody), errors.Is(f.err, errTooLarge):
		r.refuseBody(f.err, f.more)
	case b.done && b.chunked:
		r.In.ContentLength = b.Size // as of a body that was announced
	case errors.Is(f.err, io.ErrUnexpectedEOF):
		return io.EOF
	}
	return f.err
}
