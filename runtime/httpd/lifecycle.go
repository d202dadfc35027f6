package httpd

import (
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

var requests = sync.Pool{New: func() any { return &Request{file: new(openfile.Info)} }}

// newRequest takes a main request from the pool, for the default server of listen.
func newRequest(cfg *Config, client *Client, carrier Carrier, listen *Addr) *Request {
	r := requests.Get().(*Request)
	r.cfg, r.client, r.carrier, r.listen, r.srv = cfg, client, carrier, listen, listen.Default
	r.loc = r.srv.Root
	r.main = r
	r.prepare()
	r.makeVars()
	return r
}

// newRequest returns the connection's next request.
func (c *Conn) newRequest() *Request {
	r := newRequest(c.cfg, &c.client, c, c.addr)
	r.numbers, r.live, r.sni = &c.srv.nextNumber, &c.srv.live, c.sni
	if c.sni.server != nil {
		r.srv = c.sni.server
		r.loc = r.srv.Root
	}
	r.verbose, r.plainHTTP = c.verbose, c.plainHTTP
	r.setLog(r.loc.Log)
	if r.Start = c.arrived; r.Start == 0 {
		r.Start = clock.Mono()
	}
	c.arrived = 0
	return r
}

// prepare sets what does not begin as zero.
func (r *Request) prepare() {
	r.Version = 1000 // until the request line says otherwise
	r.In.ContentLength = -1
	r.Out.ContentLength, r.Out.LastModified = -1, -1
	r.uriChanges = uriChangeLimit
	r.validLocation, r.validUnparsed = true, true
	if n := r.cfg.slots; cap(r.ctx) < n {
		r.ctx = make([]any, n)
	} else {
		r.ctx = r.ctx[:n]
	}
}

// makeVars makes room for the variables of a main request.
func (r *Request) makeVars() {
	if n := len(r.cfg.vars); cap(r.vars) < n {
		r.vars = make([]varValue, n)
	} else {
		r.vars = r.vars[:n]
	}
}

// release gives the request and all it holds back.
func (r *Request) release() {
	if r.main.crashed {
		r.abandon()
		return
	}
	r.dropFilters()
	for i, e := range r.ends {
		e.End()
		r.ends[i] = nil
	}
	if r.upstream != nil {
		r.upstream.Close(r)
	}
	r.Body.release(r)
	if r.capture != nil && r.capture.b != nil {
		r.capture.b.Free()
	}
	r.file.Close()
	for i, b := range r.bufs {
		b.Free()
		r.bufs[i] = nil
	}
	r.arena.reset()
	r.In.reset()
	r.Out.Reset()
	if r.parent != nil {
		r.vars = r.ownVars
	}
	clear(r.vars)
	clear(r.ctx)
	// What has memory worth keeping stays; one by one, since a literal of the
	// whole would be made beside r and copied over it.
	file, in, outList, outTrailers := r.file, r.In, r.Out.List, r.Out.Trailers
	vars, ctx, captures := r.vars[:0], r.ctx[:0], r.captures[:0]
	filters, ends, bufs, arena := r.filters[:0], r.ends[:0], r.bufs[:0], r.arena
	*r = Request{}
	r.file, r.In, r.Out.List, r.Out.Trailers = file, in, outList, outTrailers
	r.vars, r.ctx, r.captures = vars, ctx, captures
	r.filters, r.ends, r.bufs, r.arena = filters, ends, bufs, arena
	requests.Put(r)
}

// serveRequest reads and answers one request. False ends the connection.
func (c *Conn) serveRequest() bool {
	c.requests++
	r := c.newRequest()
	c.r = r
	r.number, r.pipelined = c.requests, c.pipelined && c.requests > 1
	c.srv.stats.Requests.Add(1)
	c.srv.stats.Reading.Add(1)
	rc := c.read(r)
	if c.layer != nil {
		c.layer.ReadBy(0) // the time was the head's
	}
	c.srv.stats.Reading.Add(-1)
	c.srv.stats.Writing.Add(1)
	if !r.crashed {
		r.answer(rc)
	}
	if r.crashed {
		r.failCrashed()
	}
	c.srv.stats.Writing.Add(-1)
	return c.end(r)
}

// begin decides about keep-alive and runs the phases.
func (r *Request) begin() Result {
	if r.Method != h1.Connect {
		switch r.In.Conn {
		case h1.ConnectionUnset:
			r.keepalive = r.Version > 1000
		case h1.ConnectionKeepAlive:
			r.keepalive = true
		}
	}
	r.lingering = r.In.ContentLength > 0 || r.In.Chunked
	r.main.action = ""
	return r.phases(atStart)
}

// finishRequest logs the request and leaves the connection as the next one
// needs it.
func (c *Conn) finishRequest(r *Request) bool {
	if !r.failed {
		if err := c.Flush(r); err != nil {
			r.broken(err)
		} else {
			r.complete = true
		}
	}
	c.endDrop()
	over := r.failed            // nothing more is read
	if r.Body.unread && !over { // as in nginx, whatever the header of the response has said
		r.keepalive, r.lingering = false, true
	}
	until := clock.Mono() + r.loc.Core.lingeringTime*int64(time.Millisecond)
	if !over && r.bodyUnread() && (r.keepalive || r.Body.discarded) {
		over = !c.discard(r, until)
		r.cut = over
		r.lingering = false
	}
	r.logRequest()
	core := r.loc.Core
	// A timeout of 0 that came into effect after the header said otherwise, or
	// before any location was chosen, ends the connection, too.
	keep := r.keepalive && !over && core.keepaliveTimeout > 0
	if r.Debugging() {
		r.Debugf("http close request")
	}
	if keep {
		if r.Debugging() {
			r.Debugf("set http keepalive handler")
		}
		if r.Body.ownBuf && c.inPos < c.inEnd {
			c.keepPipelined(r)
		}
		c.keepFor, c.keepMin = core.keepaliveTimeout, core.keepaliveMinTimeout
		if core.tcpNodelay {
			_ = c.nc.SetNoDelay(true)
		}
	} else if !over && (core.lingering == lingerAlways || core.lingering == lingerOn && (r.lingering || c.unread(r))) {
		c.lingeringClose(core, until)
	}
	c.detach(r)
	r.release()
	return keep
}

// detach takes over what outlives the request.
func (c *Conn) detach(r *Request) {
	c.r = nil
	c.log, c.debug = r.log, r.debug
	c.timedOut = c.timedOut || r.timedOut
	c.crashed = c.crashed || r.crashed
}

// logRequest runs the log phase once.
func (r *Request) logRequest() {
	if r.logged {
		return
	}
	r.logged = true
	if r.parent == nil { // else the request around it goes on with what it was doing
		r.main.action = "logging request"
	}
	if r.Debugging() {
		r.Debugf("http log handler")
	}
	for _, h := range r.loc.Plan.log {
		h(r)
	}
	if r.parent == nil {
		r.main.action = ""
	}
}
