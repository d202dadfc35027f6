package http1

import (
	"io"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/front"
)

// input is what was read from a client and is not used yet: in.B[inPos:inEnd].
type input struct {
	in      *buf.Buf
	inPos   int
	inEnd   int
	inLarge bool // in is one of large_client_header_buffers, or the buffer of a body
}

// debugRecv writes the debug records about the first n bytes of a request.
func (c *Conn) debugRecv(n int) {
	if !c.debugging(errlog.DebugHTTP) {
		return
	}
	if c.requests == 0 {
		c.debugf("http wait request handler")
	} else {
		c.debugf("http keepalive handler")
	}
	if c.encrypted() {
		c.debugf("SSL_read: %d", n)
	} else {
		c.debugf("recv: fd:%d %d of %d", c.nc.Fd(), n, c.endpoint.Addr.Default.Conf.HeaderBufferSize)
	}
}

// headerBuffers returns the pool with buffers of client_header_buffer_size.
func (c *Conn) headerBuffers() *buf.Pool {
	return buf.Class(int(c.endpoint.Addr.Default.Conf.HeaderBufferSize))
}

// fill reads bytes into a fresh input buffer of the pool.
func (c *Conn) fill(p *buf.Pool) error {
	if !c.encrypted() {
		return c.filled(c.nc.ReadPooled(p))
	}
	if err := c.conn.AwaitRecord(); err != nil {
		return err
	}
	return c.decrypt(p)
}

// fillOrLeave is fill for a connection that may be closed meanwhile to make room for
// others (reusableQueue). Then the error is front.ErrEvicted.
func (c *Conn) fillOrLeave() error {
	c.conn.SetReusableIfScarce()
	return c.unlessEvicted(c.fill(c.headerBuffers()))
}

// unlessEvicted ends what SetReusable began, after a read with the result err. A request
// that has come is served even if the connection was evicted meanwhile.
func (c *Conn) unlessEvicted(err error) error {
	if c.conn.ClearReusable() {
		return err
	}
	if err != nil {
		return front.ErrEvicted
	}
	c.conn.UndoEviction()
	return nil
}

// tryFill is fill for a connection that may have nothing to be read: then the error is
// netio.ErrAgain. If a TLS record has begun, its rest is waited for; meanwhile the
// connection may be closed, as in fillOrLeave.
func (c *Conn) tryFill(p *buf.Pool) error {
	if !c.encrypted() {
		return c.filled(c.nc.TryReadPooled(p))
	}
	if err := c.conn.TryRecord(); err != nil {
		return err
	}
	c.arrived = 0 // a request begins when its record is complete
	c.conn.SetReusableIfScarce()
	return c.unlessEvicted(c.decrypt(p))
}

// filled makes the first n bytes of b the connection's input, after a read with the result
// err. b is nil where that failed.
func (c *Conn) filled(b *buf.Buf, n int, err error) error {
	if err != nil {
		return err
	}
	if n == 0 {
		return io.EOF
	}
	c.in, c.inPos, c.inEnd, c.inLarge = b, 0, n, false
	c.debugRecv(n)
	return nil
}

// decrypt reads plain text.
func (c *Conn) decrypt(p *buf.Pool) error { return c.filled(c.conn.ReadPlain(p)) }
