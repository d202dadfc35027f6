package front

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// Close ends the connection and gives everything back. The caller must not use it any
// more.
func (c *Conn) Close() {
	if c.crashed {
		c.abandon()
		return
	}
	if c.Debugging(errlog.DebugHTTP) {
		c.Debugf("close http connection: %d", c.nc.Fd())
	}
	if c.tls != nil && !c.TimedOut && !c.evicted.Load() {
		c.nc.SetWriteTimeout(time.Second)
		_ = c.tls.CloseWrite()
	}
	if c.input != nil {
		c.input.Free()
	}
	if c.TimedOut && c.opening.ResetTimedout {
		_ = c.nc.Abort()
	}
	c.leave()
	if c.layer != nil {
		c.layer.release()
	}
	c.nc.Release()
	*c = Conn{serveFn: c.serveFn}
	conns.Put(c)
}

// CloseWrite tells the client that nothing follows: it sends close_notify on a TLS
// connection, and shuts down the sending side of the socket.
func (c *Conn) CloseWrite() error {
	if c.tls != nil {
		_ = c.tls.CloseWrite()
	}
	return c.nc.CloseWrite()
}

// leave takes the connection out of all counts, and gives up its configuration.
func (c *Conn) leave() {
	c.left = true
	c.Client.left()
	c.in.stats.Active.Add(-1)
	if c.in.stats.Ended != nil {
		c.in.stats.Ended()
	}
	c.SetWaiting(false)
	if c.cfg != nil {
		(*c.cfg).Release()
	}
	c.in.connGone(c)
}

// Crash says that the connection's code has panicked: Close is going to cut it off, and
// nothing of it is used again.
func (c *Conn) Crash() { c.crashed = true }

// Crashed reports whether Crash was called.
func (c *Conn) Crashed() bool { return c.crashed }

// Caught is deferred where a connection's code runs outside of its requests. It logs a
// panic and ends the connection.
func (c *Conn) Caught() {
	if p := recover(); p != nil {
		c.crashed = true
		c.Logf(errlog.Alert, nil, "%s", errlog.Panic(p))
		c.abandon()
	}
}

// abandon is Close for a connection whose code has panicked.
func (c *Conn) abandon() {
	if !c.left {
		c.ClearReusable()
		c.leave()
	}
	_ = c.nc.Close() // it may be closed
}
