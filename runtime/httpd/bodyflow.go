package httpd

import (
	"errors"
	"io"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/wire/chunked"
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

	buf      *buf.Buf
	pos, end int
	chunked  bool
	dec      chunked.Decoder
	left     int64
	size     int64 // of the whole body so far
	raw      int64 // bytes taken
	more     int64 // what would have made the body too large
	done     bool
	err      error // that ended reading
}

// DetachBody lets the rest of the body be read on another goroutine, until
// AttachBody. There must be a rest.
func (r *Request) DetachBody() (*BodyFlow, error) {
	b, c := &r.Body, r.conn
	if err := c.nc.Share(); err != nil {
		return nil, err
	}
	r.startBody()
	r.bodyDetached = true
	f := &BodyFlow{
		nc: c.nc, rw: c.rw, timeout: msec(r.loc.Core.bodyTimeout), most: r.loc.Core.maxBodySize,
		ahead:   r.srv.Conf.largeHeaderBuffers.Size,
		buf:     buf.Sized(max(bodyRead, c.inEnd-c.inPos)),
		chunked: b.chunked, dec: b.dec, left: b.left, size: b.Size,
	}
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

// Interrupt makes Read end with an error. Any goroutine may call it.
func (f *BodyFlow) Interrupt() { _ = f.nc.SetReadDeadline(time.Unix(1, 0)) }

func (f *BodyFlow) fill() error {
	need := f.left
	if f.chunked {
		need = f.dec.Need()
	}
	f.nc.SetReadTimeout(f.timeout)
	n, err := f.rw.Read(f.buf.B[:min(int64(len(f.buf.B)), max(need, f.ahead))])
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
	in := f.buf.B[f.pos:min(f.end, f.pos+limit)]
	if !f.chunked {
		n := min(f.left, int64(len(in)))
		f.pos += int(n)
		f.raw, f.size, f.left = f.raw+n, f.size+n, f.left-n
		f.done = f.left == 0
		return in[:n]
	}
	data, used, st := f.dec.Decode(in)
	f.pos += used
	f.raw += int64(used)
	f.done = st == chunked.Done
	if st == chunked.Invalid {
		f.err = errBadBody
		return nil
	}
	more := int64(len(data)) + f.dec.Remaining()
	if f.most > 0 && more > f.most-f.size {
		f.err, f.more = errTooLarge, more
		return nil
	}
	f.size += int64(len(data))
	return data
}

// AttachBody ends what DetachBody began, once the last Read of f has returned. The
// error is for BodyFailed, unless it is that of Interrupt.
func (r *Request) AttachBody(f *BodyFlow) error {
	b, c := &r.Body, r.conn
	r.bodyDetached = false
	_ = c.nc.SetReadDeadline(time.Time{})
	b.dec, b.left, b.done, b.Size = f.dec, f.left, f.done, f.size
	if !b.done { // as in nginx, whatever the header of the response has said
		r.keepalive, r.lingering = false, true
	}
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
	case errors.Is(f.err, errBadBody):
		r.Errorf(nil, "client sent invalid chunked body")
		r.abandonBody()
	case errors.Is(f.err, errTooLarge):
		r.Errorf(nil, "client intended to send too large chunked body: %d+%d bytes", f.size, f.more)
		r.lingering = true
		r.abandonBody()
	case b.done && b.chunked:
		r.In.ContentLength = b.Size // as of a body that was announced
	case errors.Is(f.err, io.ErrUnexpectedEOF):
		return io.EOF
	}
	return f.err
}
