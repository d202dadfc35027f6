package httpd

import (
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// uriChangeLimit is nginx's NGX_HTTP_MAX_URI_CHANGES plus one.
const uriChangeLimit = 11

var requests = sync.Pool{New: func() any { return &Request{file: new(openfile.Info)} }}

// newRequest takes a request from the pool.
func (c *Conn) newRequest() *Request {
	r := requests.Get().(*Request)
	r.cfg, r.client, r.conn, r.listen, r.srv = c.cfg, &c.client, c, c.addr, c.addr.Default
	if c.tlsS != nil {
		r.srv = c.tlsS
	}
	r.loc = r.srv.Root
	r.main = r
	r.verbose, r.plainHTTP = c.verbose, c.plainHTTP
	r.setLog(r.loc.Log)
	r.prepare()
	r.makeVars()
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
	rc := r.read()
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

// finalize turns a result into a complete response.
func (r *Request) finalize(rc Result) {
	for turn := 0; turn < 64; turn++ {
		if rc == Redirect {
			rc = r.phases(r.resumeAt)
			continue
		}
		if r.Debugging() {
			r.debugFinalize(rc)
		}
		if r.kin != nil && r.kin.finish != nil {
			rc = r.kin.finish(r, rc)
		}
		switch {
		case rc == Done:
			return
		case rc == OK || rc == Declined || rc > 0 && rc < 300 && rc != StatusCreated && rc != StatusNoContent:
			if !r.headerSent {
				rc = r.sendBare(rc)
				continue
			}
			return
		case rc == Error || rc == StatusRequestTimeout || rc == StatusClientClosed || r.failed:
			r.terminate(rc)
			return
		case rc == StatusClose:
			r.main.timedOut = true
			r.terminate(rc)
			return
		case r.headerSent:
			// Too late for another response: break this one off.
			r.terminate(rc)
			return
		}
		rc = r.special(rc)
	}
	r.terminate(StatusInternalServerError)
}

// sendBare answers a handler that produced nothing.
func (r *Request) sendBare(rc Result) Result {
	if r.Out.Status == 0 {
		r.Out.Status = 200
		if rc > 0 {
			r.Out.Status = int(rc)
		}
	}
	if rc := r.SendHeader(); rc != OK || r.headerOnly {
		return doneIf(rc)
	}
	if err := r.Send(nil); err != nil {
		return Error
	}
	return Done
}

// terminate gives the connection up. The code is what gets logged, if nothing of a
// response has left.
func (r *Request) terminate(rc Result) {
	m := r.main
	m.failed, m.cut = true, true
	if m.kin != nil {
		m.kin.f.abort()
		r.conn.endWaits()
	}
	if rc == Error || rc == StatusClientClosed || m.headSize == 0 {
		r.BreakOff()
	}
	if rc > 0 && (m.headSize == 0 || m.sent == 0) {
		m.Out.Status = int(rc)
	}
}

// finishRequest logs the request and leaves the connection as the next one
// needs it.
func (c *Conn) finishRequest(r *Request) bool {
	if !r.failed {
		if err := c.flush(r); err != nil {
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

// namedGroups sets the named groups of expressions around the one that decides.
type namedGroups struct{ r *Request }

// Matched implements route.Outer.
func (g namedGroups) Matched(re *regex.Regex, caps []int) {
	g.r.SetCaptures(g.r.URI, caps)
	g.r.setNamed(re)
}

// findLocation chooses the location for the URI and checks what nginx checks
// there.
func (r *Request) findLocation() Result {
	r.uriChanged = false
	res := r.srv.Root.Tree.Find(r.URI, r.captures, namedGroups{r})
	r.captures = res.Caps
	if res.Regex != nil {
		r.captureData = r.URI
		r.setNamed(res.Regex)
	}
	if res.Err != nil {
		r.Logf(errlog.Alert, nil, `%s on "%s"`, res.Err, r.URI)
		return StatusInternalServerError
	}
	r.loc = r.srv.Root
	if res.Found {
		r.loc = res.Value
	}
	if r.cfg.tracer != nil {
		r.trace(Event{Kind: EventLocated, On: res.AutoRedirect})
	}
	if r.loc.Core.internal && !r.internal {
		return StatusNotFound
	}
	if r.Debugging() {
		r.debugLocation()
	}
	r.enterLocation()
	if r.Debugging() {
		r.Debugf("http cl:%d max:%d", r.In.ContentLength, r.loc.Core.maxBodySize)
	}
	if n, limit := r.In.ContentLength, r.loc.Core.maxBodySize; n != -1 && limit != 0 && n > limit && !r.Body.discarded {
		r.Errorf(nil, "client intended to send too large body: %d bytes", n)
		r.discardForPage() // so that an error page is not refused too
		return StatusEntityTooLarge
	}
	if res.AutoRedirect {
		to := r.loc.escaped
		if len(r.Args) > 0 {
			to = r.Join(to, []byte("?"), r.Args)
		}
		r.Out.Remove(h1.Location)
		r.Out.Add(h1.Location, names[h1.Location], to)
		return StatusMovedPermanently
	}
	return OK
}

// enterLocation applies what holds from the moment a location is in effect.
func (r *Request) enterLocation() {
	r.lostContent = false
	if l := r.loc.limited; l != nil && r.Method&r.loc.limitMethods != 0 {
		r.loc = l
		r.trace(Event{Kind: EventLimited})
	}
	if in := r.loc.Core.bodyInFile; in != bodyFileOff {
		r.bodyInFile = in
	}
	if r.parent != nil {
		return
	}
	core := r.loc.Core
	r.setLog(r.loc.Log)
	if !r.keepalive {
		return
	}
	switch {
	case core.keepaliveTimeout == 0,
		r.number >= uint64(core.keepaliveRequests),
		r.Start-r.client.Start > core.keepaliveTime*1e6,
		r.In.UserAgent&agentMSIE6 != 0 && r.Method == h1.Post && core.keepaliveDisable.V&disableMSIE6 != 0,
		r.In.UserAgent&agentSafari != 0 && core.keepaliveDisable.V&disableSafari != 0:
		r.keepalive = false
	}
}
