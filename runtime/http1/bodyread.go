package http1

import (
	"errors"
	"io"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// bodyRead is how much of a body is read at once. It is the bound of what a body takes
// while it comes; what a handler keeps of it has client_body_buffer_size as its own.
const bodyRead = 16 << 10

// startBody prepares reading; false when there is nothing to read.
func (c *Conn) startBody(r *httpd.Request) bool {
	b := &r.Body
	if r.Parent() != nil || b.Done {
		return false
	}
	if !b.Started {
		b.Started, c.body.before = true, r.Proto.Length
		if !c.body.begin(r.In.ContentLength, r.In.Chunked) {
			b.Done = true
			return false
		}
	}
	return true
}

// NextBody implements Carrier.
func (c *Conn) NextBody(r *httpd.Request) ([]byte, error) {
	b := &r.Body
	if !c.startBody(r) {
		return nil, io.EOF
	}
	for !b.Done {
		if c.inPos == c.inEnd {
			if err := c.fillBody(r, httpd.Msec(r.Location().Core.BodyTimeout), 0); err != nil {
				return nil, err
			}
		}
		piece, err := c.decode(r, c.inEnd-c.inPos)
		if err != nil {
			return nil, err
		}
		if len(piece) > 0 {
			return piece, nil
		}
	}
	return nil, io.EOF
}

// decode takes what it can from the connection's input, at most limit bytes. A
// body that cannot be used is abandoned.
func (c *Conn) decode(r *httpd.Request, limit int) ([]byte, error) {
	b := &r.Body
	piece, used, ok := c.body.take(c.in.B[c.inPos:min(c.inEnd, c.inPos+limit)])
	c.inPos += used
	b.Done = c.body.done
	c.countRaw(r, int64(used))
	if !ok {
		c.countRefused(r)
		r.RefuseBody(httpd.ErrBadBody, 0)
		return nil, httpd.ErrBadBody
	}
	if more, tooLarge := c.body.excess(piece, b.Size, r.Location().Core.MaxBodySize); tooLarge && !b.Discarded {
		c.countRefused(r)
		r.RefuseBody(httpd.ErrTooLarge, more)
		return nil, httpd.ErrTooLarge
	}
	b.Size += int64(len(piece))
	if b.Done && !b.Discarded {
		r.In.ContentLength = b.Size // as of a body that was announced
	}
	return piece, nil
}

// countRaw adds to $request_length, which leaves discarded bodies out.
func (c *Conn) countRaw(r *httpd.Request, n int64) {
	if !r.Body.Discarded {
		r.Proto.Length += n
	}
}

// countRefused corrects $request_length for a body that is refused: what came with the header does not count then, and of
// what was read afterwards all does, as nginx has it.
func (c *Conn) countRefused(r *httpd.Request) {
	b := &r.Body
	switch {
	case b.Discarded:
	case c.ownBuf:
		r.Proto.Length += int64(c.inEnd - c.inPos)
	default:
		r.Proto.Length = c.body.before
	}
}

// fillBody reads more of the body from the client, once all that was read is
// used up. timeout and until are those of front.Conn.ReadWithin.
func (c *Conn) fillBody(r *httpd.Request, timeout time.Duration, until int64) error {
	if err := r.TestExpect(); err != nil {
		return err
	}
	r.Body.Kept = r.Body.Size
	c.conn.ReadWithin(timeout, until)
	if c.body.atOnce(bodyRead, r.Server().Conf.LargeHeaderBuffers.Size) < bodyRead {
		return c.bodyCame(c.rw.Read(c.bodyRoom(r)))
	}
	c.ownInput(r)
	c.freeInput()
	b, n, err := c.stream().ReadPooled(bodyPool)
	if err != nil {
		return err
	}
	c.in, c.inEnd, c.inLarge = b, n, true
	return nil
}

// bodyPool has the buffers that fillBody borrows once bytes have come: a client that keeps
// the server waiting for its body has none.
var bodyPool = buf.Class(bodyRead)

// ownInput makes the connection's buffer that of the body. That of the header stays with
// the request since fields point into it.
func (c *Conn) ownInput(r *httpd.Request) {
	if c.ownBuf {
		return
	}
	if c.in != nil {
		r.Proto.Bufs = append(r.Proto.Bufs, c.in)
		c.in = nil
	}
	c.ownBuf = true
}

// freeInput gives back the connection's buffer, in which nothing is left.
func (c *Conn) freeInput() {
	if c.in != nil {
		c.in.Free()
		c.in = nil
	}
	c.inPos, c.inEnd = 0, 0
}

// bodyRoom returns where the next bytes of the body go, in the buffer of those before.
// As in nginx no more is read beyond the body's known rest than
// large_client_header_buffers could hold of the next request.
func (c *Conn) bodyRoom(r *httpd.Request) []byte {
	c.ownInput(r)
	limit := int(c.body.atOnce(bodyRead, r.Server().Conf.LargeHeaderBuffers.Size))
	if c.in == nil || len(c.in.B) < limit {
		c.freeInput()
		c.in = buf.Sized(limit)
	}
	c.inPos, c.inEnd, c.inLarge = 0, 0, true
	return c.in.B[:limit]
}

// bodyCame takes the result of a read into bodyRoom.
func (c *Conn) bodyCame(n int, err error) error {
	if n == 0 && err == nil {
		err = io.EOF
	}
	if err != nil && n == 0 {
		return err
	}
	c.inEnd = n
	return nil
}

// BodyAhead implements Carrier.
func (c *Conn) BodyAhead() (received, room int64) {
	if c.in == nil {
		return 0, 0
	}
	return int64(c.inEnd - c.inPos), int64(len(c.in.B) - c.inEnd)
}

// ReadyBody implements Carrier.
func (c *Conn) ReadyBody(r *httpd.Request, p []byte) (n int, err error) {
	for n < len(p) && c.startBody(r) {
		if c.inPos == c.inEnd {
			if c.encrypted() || c.nc.InQueue() == 0 {
				break
			}
			if err := c.fillBody(r, httpd.Msec(r.Location().Core.BodyTimeout), 0); err != nil {
				return n, err
			}
		}
		piece, err := c.decode(r, len(p)-n)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], piece)
	}
	return n, nil
}

// dropReads is how often dropReceived reads what a plain connection's socket
// holds already.
const dropReads = 4

// dropReceived discards what of the body has come so far. An invalid body is
// refused while that is still possible.
func (c *Conn) dropReceived(r *httpd.Request) httpd.Result {
	reads := 0
	for c.startBody(r) {
		if c.inPos < c.inEnd {
			if _, err := c.decode(r, c.inEnd-c.inPos); err != nil {
				return r.BodyFailed(err)
			}
			continue
		}
		if reads++; reads > dropReads || c.encrypted() || c.nc.Drained() {
			return httpd.OK
		}
		if err := c.bodyCame(c.nc.TryRead(c.bodyRoom(r))); err != nil {
			return httpd.OK // the next read or write finds it too
		}
	}
	if reads > 0 {
		r.Proto.Lingering = false
	}
	return httpd.OK
}

// discard reads what is left of the body until monotonic time until, so that
// the connection can serve the next request. It reports whether the body came
// to its end.
func (c *Conn) discard(r *httpd.Request, until int64) bool {
	r.Body.Discarded = true
	r.Proto.ExpectTested = true
	wait := httpd.Msec(r.Location().Core.LingeringTimeout)
	for c.startBody(r) {
		if c.inPos < c.inEnd {
			if _, err := c.decode(r, c.inEnd-c.inPos); err != nil {
				return false
			}
			continue
		}
		left := time.Duration(until - clock.Mono())
		if left <= 0 {
			return false
		}
		if err := c.fillBody(r, min(wait, left), until); err != nil {
			if httpd.IsTimeout(err) {
				c.conn.TimedOut = true
			} else {
				c.dropFailed(r, err)
			}
			return false
		}
	}
	return true
}

// dropFailed logs why what a client still sends, and nobody reads, could not be read.
// The end of the connection is no failure.
func (c *Conn) dropFailed(r *httpd.Request, err error) {
	if httpd.OfConnection(err) && !errors.Is(err, io.EOF) && !errors.Is(err, netio.ErrClosed) {
		r.Logf(errlog.Info, err, "%s", httpd.ReadFailed(err))
	}
}

// keepPipelined moves what was read beyond the body, the beginning of the next
// request, out of the body's buffer.
func (c *Conn) keepPipelined(r *httpd.Request) {
	b, rest := c.in, c.in.B[c.inPos:c.inEnd]
	c.keepInput(r.Server().Conf, rest)
	b.Free()
}

// keepInput makes a copy of p the connection's input, in a buffer of the kind
// that a header which begins so would have been read into.
func (c *Conn) keepInput(conf *settings.Server, p []byte) {
	size, large := conf.HeaderBufferSize, false
	if int64(len(p)) > size {
		size, large = max(conf.LargeHeaderBuffers.Size, int64(len(p))), true
	}
	b := buf.Sized(int(size))
	b.B = b.B[:size]
	c.in, c.inPos, c.inEnd, c.inLarge = b, 0, copy(b.B, p), large
}
