package http1

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// newRequest returns the connection's next request.
func (c *Conn) newRequest() *httpd.Request {
	r := httpd.NewRequest(&httpd.Origin{
		Config: c.cfg, Client: &c.client, Carrier: c, Listen: c.addr, SNI: c.sni, Verbose: c.verbose,
		Numbers: &c.srv.nextNumber, Live: &c.srv.live,
	})
	r.Proto.PlainHTTP = c.plainHTTP
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
	c.r, c.body = r, bodyState{}
	r.Proto.Number, r.Proto.Pipelined = c.requests, c.pipelined && c.requests > 1
	c.srv.stats.Requests.Add(1)
	c.srv.stats.Reading.Add(1)
	rc := c.read(r)
	if c.layer != nil {
		c.layer.ReadBy(0) // the time was the head's
	}
	c.srv.stats.Reading.Add(-1)
	c.srv.stats.Writing.Add(1)
	if !r.Proto.Crashed {
		r.Answer(rc)
	}
	if r.Proto.Crashed {
		r.FailCrashed()
	}
	c.srv.stats.Writing.Add(-1)
	return c.end(r)
}

// finishRequest logs the request and leaves the connection as the next one
// needs it.
func (c *Conn) finishRequest(r *httpd.Request) bool {
	if !r.Proto.Failed {
		if err := c.Flush(r); err != nil {
			r.Broken(err)
		} else {
			r.Proto.Complete = true
		}
	}
	c.endDrop()
	over := r.Proto.Failed      // nothing more is read
	if r.Body.Unread && !over { // as in nginx, whatever the header of the response has said
		r.Proto.Keepalive, r.Proto.Lingering = false, true
	}
	until := clock.Mono() + r.Location().Core.LingeringTime*int64(time.Millisecond)
	if !over && r.BodyUnread() && (r.Proto.Keepalive || r.Body.Discarded) {
		over = !c.discard(r, until)
		r.Proto.Cut = over
		r.Proto.Lingering = false
	}
	r.LogRequest()
	core := r.Location().Core
	// A timeout of 0 that came into effect after the header said otherwise, or
	// before any location was chosen, ends the connection, too.
	keep := r.Proto.Keepalive && !over && core.KeepaliveTimeout > 0
	if r.Debugging() {
		r.Debugf("http close request")
	}
	if keep {
		if r.Debugging() {
			r.Debugf("set http keepalive handler")
		}
		if c.body.ownBuf && c.inPos < c.inEnd {
			c.keepPipelined(r)
		}
		c.keepFor, c.keepMin = core.KeepaliveTimeout, core.KeepaliveMinTimeout
		if core.TCPNoDelay() {
			_ = c.nc.SetNoDelay(true)
		}
	} else if !over && (core.Lingering == httpd.LingerAlways || core.Lingering == httpd.LingerOn && (r.Proto.Lingering || c.unread(r))) {
		c.lingeringClose(core, until)
	}
	c.detach(r)
	r.Release()
	return keep
}

// detach takes over what outlives the request.
func (c *Conn) detach(r *httpd.Request) {
	c.r = nil
	c.log, c.debug = r.Log(), r.Log().Debug()
	c.timedOut = c.timedOut || r.Proto.TimedOut
	c.crashed = c.crashed || r.Proto.Crashed
}

// read is readHead, guarded.
func (c *Conn) read(r *httpd.Request) (rc httpd.Result) {
	defer r.Recovered()
	return c.readHead(r)
}

// end is finishRequest, guarded: a panic there ends the connection.
func (c *Conn) end(r *httpd.Request) bool {
	keep, finished := false, false
	func() {
		defer r.Recovered()
		keep = c.finishRequest(r)
		finished = true
	}()
	if !finished {
		c.detach(r)
		c.crashed = true
		r.Abandon()
	}
	return keep
}

// caught is deferred where a connection's code runs outside of its requests.
func (c *Conn) caught() {
	if p := recover(); p != nil {
		c.crashed = true
		c.logf(errlog.Alert, nil, "%s", errlog.Panic(p))
		c.abandon()
	}
}

// abandon is close for a connection that has crashed.
func (c *Conn) abandon() {
	if !c.left {
		c.clearReusable()
		c.leave()
	}
	_ = c.nc.Close() // it may be closed
}
