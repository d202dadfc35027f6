package http1

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
)

// newRequest returns the connection's next request.
//
//go:noinline
func (c *Conn) newRequest() *httpd.Request {
	r := c.endpoint.NewRequest(c.conn, c)
	r.Proto.PlainHTTP = c.conn.Plain()
	if r.Start = c.arrived; r.Start == 0 {
		r.Start = clock.Mono()
	}
	c.arrived = 0
	return r
}

// serveRequest reads and answers one request. False ends the connection.
func (c *Conn) serveRequest() bool {
	c.requests++
	r := c.newRequest()
	c.r, c.body, c.ownBuf = r, bodyState{}, false
	r.Proto.Number, r.Proto.Pipelined = c.requests, c.pipelined && c.requests > 1
	c.endpoint.Engine.Stats.Requests.Add(1)
	c.endpoint.Engine.Stats.Reading.Add(1)
	rc := c.read(r)
	if c.encrypted() {
		c.conn.ReadWithin(0, 0) // lifts the deadline that the head had
	}
	c.endpoint.Engine.Stats.Reading.Add(-1)
	c.endpoint.Engine.Stats.Writing.Add(1)
	if !r.Serve(rc) {
		c.crashed(r)
		return false
	}
	return c.end(r)
}

// Finish implements Carrier.
func (c *Conn) Finish(r *httpd.Request) {
	c.endpoint.Engine.Stats.Writing.Add(-1)
	if !r.Proto.Failed {
		if err := c.Flush(r); err != nil {
			r.Broken(err)
		} else {
			r.Proto.Complete = true
		}
	}
	c.endDrop()
	c.over = r.Proto.Failed
	if r.Body.Unread && !c.over { // as in nginx, whatever the header of the response has said
		r.Proto.Keepalive, r.Proto.Lingering = false, true
	}
	c.lingerUntil = 0
	if !c.over && r.BodyUnread() && (r.Proto.Keepalive || r.Body.Discarded) {
		c.over = !c.discard(r, c.beginLingering(r))
		r.Proto.Cut = c.over
		r.Proto.Lingering = false
	}
}

// beginLingering returns the end of lingering_time, which begins with the first call.
func (c *Conn) beginLingering(r *httpd.Request) int64 {
	if c.lingerUntil == 0 {
		c.lingerUntil = clock.Mono() + r.Location().Core.LingeringTime*int64(time.Millisecond)
	}
	return c.lingerUntil
}

// release ends a request that is logged, and leaves the connection as the next one needs
// it. False ends the connection.
func (c *Conn) release(r *httpd.Request) bool {
	core := r.Location().Core
	// A timeout of 0 that came into effect after the header said otherwise, or
	// before any location was chosen, ends the connection, too.
	keep := r.Proto.Keepalive && !c.over && core.KeepaliveTimeout > 0
	if r.Debugging() {
		r.Debugf("http close request")
	}
	if keep {
		if r.Debugging() {
			r.Debugf("set http keepalive handler")
		}
		if c.ownBuf && c.inPos < c.inEnd {
			c.keepPipelined(r)
		}
		c.keepFor, c.keepMin = core.KeepaliveTimeout, core.KeepaliveMinTimeout
		if core.TCPNoDelay {
			_ = c.nc.SetNoDelay(true)
		}
	} else if !c.over && (core.Lingering == settings.LingerAlways || core.Lingering == settings.LingerOn && (r.Proto.Lingering || c.unread(r))) {
		c.lingeringClose(r, core, c.beginLingering(r))
	}
	c.detach(r)
	r.Release()
	return keep
}

// detach takes over what outlives the request.
func (c *Conn) detach(r *httpd.Request) {
	c.r = nil
	c.conn.KeepLog(r.Log())
	c.conn.TimedOut = c.conn.TimedOut || r.Proto.TimedOut
	if r.Proto.Crashed {
		c.conn.Crash()
	}
}

// read reads the head of a request. A panic ends the request alone.
func (c *Conn) read(r *httpd.Request) (rc httpd.Result) {
	defer r.Recovered()
	until := r.Start + r.Server().Conf.HeaderTimeout*1e6
	if r.Proto.Number == 1 {
		until = c.conn.OpenUntil()
	}
	return readHead(r, &c.input, c, until)
}

// end is release, and stops a panic: that ends the connection.
func (c *Conn) end(r *httpd.Request) bool {
	keep, finished := false, false
	func() {
		defer r.Recovered()
		keep = c.release(r)
		finished = true
	}()
	if !finished {
		c.crashed(r)
	}
	return keep
}

// crashed abandons a request whose end has panicked. Neither it nor its connection is used
// again.
func (c *Conn) crashed(r *httpd.Request) {
	c.detach(r)
	c.conn.Crash()
	r.Abandon()
}
