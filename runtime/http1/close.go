package http1

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
)

// freeBuffers gives back what an idle connection does not need.
func (c *Conn) freeBuffers() {
	if c.inPos == c.inEnd {
		c.freeInput()
	}
	if c.outLen == 0 {
		c.freeOut()
	}
}

// close ends the connection and gives everything back.
func (c *Conn) close() {
	fc := c.conn
	if fc.Crashed() {
		fc.Close()
		return
	}
	if c.outLen > 0 && !fc.TimedOut {
		_ = c.Flush(nil)
	}
	if c.in != nil {
		c.in.Free()
	}
	if c.out != nil {
		c.out.Free()
	}
	c.recycle()
	fc.Close()
}

// recycle puts c into the pool. Its buffers were freed before, and its front.Conn is the
// caller's.
func (c *Conn) recycle() {
	*c = Conn{resumeFn: c.resumeFn, hangups: c.hangups}
	conns.Put(c)
}

// unread reports whether bytes of the client may be unread when its connection is
// about to be closed: the kernel would answer them with a reset, which destroys the
// response on its way. The socket is asked, by a system call, after an error
// response and where it is not known that the last read took everything.
func (c *Conn) unread(r *httpd.Request) bool {
	switch {
	case c.inPos < c.inEnd, r.BodyUnread():
		return true
	case c.conn.Buffered():
		return true
	}
	return (r.Out.Status >= 400 || !c.nc.Drained()) && c.nc.InQueue() > 0
}

// lingeringClose reads on after the last response until monotonic time until
// at most, so that the client gets to read it before a reset could destroy it.
func (c *Conn) lingeringClose(r *httpd.Request, core *settings.Core, until int64) {
	if c.debugging(errlog.DebugHTTP) {
		c.debugf("http lingering close handler")
	}
	if err := c.Flush(nil); err != nil {
		return
	}
	if err := c.conn.CloseWrite(); err != nil {
		return
	}
	b := buf.Sized(4096)
	defer b.Free()
	c.conn.SetReusable()
	defer c.conn.ClearReusable()
	for {
		left := time.Duration(until - clock.Mono())
		if left <= 0 {
			return
		}
		c.nc.SetReadTimeout(min(left, httpd.Msec(core.LingeringTimeout)))
		if n, err := c.nc.Read(b.B); n == 0 || err != nil {
			if err != nil && !httpd.IsTimeout(err) {
				c.dropFailed(r, err)
			}
			return
		}
	}
}
