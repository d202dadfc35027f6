package http2

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
)

// wait has the connection wait for bytes, without a goroutine. True: it is not the caller's any
// more.
func (c *Conn) wait() bool {
	c.mu.Lock()
	if len(c.streams) > 0 || c.out.writing {
		defer c.mu.Unlock()
		return c.parkBusy()
	}
	c.mu.Unlock()
	return c.waitIdle()
}

// waitIdle is wait for a connection without streams.
func (c *Conn) waitIdle() bool {
	fits := c.fits()
	if fits && c.conn.Retired() && c.requests > 0 {
		if c.lastCall() {
			return false
		}
		fits = false
	}
	if !fits {
		c.quit()
		return true
	}
	for {
		left := c.idleLeft()
		switch {
		case c.sentGoAway() || left <= 0:
			c.expired()
			return true
		case c.incomplete():
			left = min(left, httpd.Msec(c.server.HeaderTimeout))
		}
		c.conn.SetWaiting(true)
		if c.conn.Park(left, c.resumeFn) {
			return true
		}
		c.conn.SetWaiting(false)
		if c.conn.Encrypted() && c.conn.Buffered() {
			return false
		}
		if err := c.nc.WaitReadableFor(min(left, front.QuitGrace)); err == nil {
			return false
		}
		if c.conn.Quitting() {
			c.quit()
			return true
		}
	}
}

// idleLeft returns how long the connection may wait for a stream.
func (c *Conn) idleLeft() time.Duration {
	if c.requests == 0 {
		return time.Duration(c.conn.OpenUntil() - clock.Mono())
	}
	return httpd.Msec(c.core.KeepaliveTimeout) - time.Duration(clock.Mono()-c.since)
}

// sentGoAway reports whether no stream begins any more.
func (c *Conn) sentGoAway() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.goaway
}

// expired ends a connection that has waited long enough.
func (c *Conn) expired() {
	if c.requests == 0 || c.incomplete() {
		c.conn.Logf(errlog.Info, httpd.ErrTimedOut, "client timed out")
		c.finalize(h2.ProtocolError)
		return
	}
	c.quit()
}

// quit ends a connection without streams in good order.
func (c *Conn) quit() { c.finalize(h2.NoError) }

// resume continues a parked connection on a goroutine of its own; why is what has ended its
// wait.
func (c *Conn) resume(_ *netio.Conn, why netio.Event) {
	defer c.conn.Caught()
	c.mu.Lock()
	busy := c.parked
	c.parked = false
	c.mu.Unlock()
	if !busy && !c.resumeIdle(why) {
		return
	}
	if c.fillOrWait() {
		c.read()
	}
}

// resumeIdle is resume for a connection without streams. False: it has ended, or waits again.
func (c *Conn) resumeIdle(why netio.Event) bool {
	switch why {
	case netio.Evicted:
		c.conn.Evict()
		c.quit()
		return false
	case netio.Expired:
		c.expired()
		return false
	case netio.Drained:
		if !c.lastCall() {
			c.quit()
			return false
		}
	case netio.Recalled:
		return !c.waitIdle()
	case netio.Readable:
		if c.wakeups++; c.wakeups > 10*c.core.KeepaliveRequests {
			c.lost(errFlood)
			return false
		}
	}
	return true
}

// lastCall waits for what is left of the time for which a connection that is to be closed has to
// have waited (front.QuitGrace), and reports whether something has come.
func (c *Conn) lastCall() bool {
	left := front.QuitGrace - time.Duration(clock.Mono()-c.since)
	if left > 0 {
		return c.nc.WaitReadableFor(left) == nil
	}
	n, _ := c.nc.TryPeek(make([]byte, 1))
	return n > 0
}

// fits takes the current configuration, and reports whether that has the connection go on.
func (c *Conn) fits() bool {
	if c.conn.RefreshParked() {
		c.follow()
	}
	return !c.conn.Unfit()
}

// refresh takes the current configuration for the next stream.
func (c *Conn) refresh() {
	if c.conn.Refresh() {
		c.follow()
	}
}

// fail ends the connection because of an error of the client.
func (c *Conn) fail(err *h2.Error) {
	if err.Text != "" {
		c.conn.Logf(errlog.Info, nil, "%s", err.Text)
	}
	c.finalize(err.Code)
}

// finalize ends the connection and its streams, and says why.
func (c *Conn) finalize(code h2.Code) {
	c.conn.SetWaiting(false)
	c.mu.Lock()
	if c.err == nil && !c.goaway {
		c.queueGoAway(code)
		c.flush(nil)
	}
	last := len(c.streams) == 0 && !c.out.writing && c.err == nil
	c.mu.Unlock()
	if last && !c.conn.Evicted() {
		c.linger()
	}
	c.end(errEnded)
}

// queueGoAway says that no further stream begins; the caller holds mu.
func (c *Conn) queueGoAway(code h2.Code) {
	c.goaway = true
	c.out.took(h2.AppendGoAway(c.out.room(h2.HeaderSize+8), c.last, code))
}

// end ends the reader: nothing is read any more, and the connection closes with its last stream.
func (c *Conn) end(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	for _, s := range c.streams {
		c.breakStream(s)
	}
	last := len(c.streams) == 0 && !c.out.writing
	c.ended = true
	if c.out.writing {
		_ = c.nc.SetDeadline(time.Unix(1, 0)) // it is open
	}
	c.mu.Unlock()
	if last {
		c.conn.SetWaiting(false)
		c.close()
	}
}

// linger reads on after the last response, so that the client gets to read it before a reset
// could destroy it.
func (c *Conn) linger() {
	if c.core.Lingering == settings.LingerOff || c.conn.CloseWrite() != nil {
		return
	}
	until := clock.Mono() + c.core.LingeringTime*int64(time.Millisecond)
	b := buf.Sized(4096)
	defer b.Free()
	c.conn.SetReusable()
	defer c.conn.ClearReusable()
	for {
		left := time.Duration(until - clock.Mono())
		if left <= 0 {
			return
		}
		c.nc.SetReadTimeout(min(left, httpd.Msec(c.core.LingeringTimeout)))
		if n, err := c.nc.Read(b.B); n == 0 || err != nil {
			return
		}
	}
}
