package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

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
		r.Trace(Event{Kind: EventLocated, On: res.AutoRedirect})
	}
	if r.loc.Core.Internal && !r.internal {
		return StatusNotFound
	}
	if r.Debugging() {
		r.debugLocation()
	}
	r.enterLocation()
	if r.Debugging() {
		r.Debugf("http cl:%d max:%d", r.In.ContentLength, r.loc.Core.MaxBodySize)
	}
	if n, limit := r.In.ContentLength, r.loc.Core.MaxBodySize; n != -1 && limit != 0 && n > limit && !r.Body.Discarded {
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
		r.Out.Add(h1.Location, header.Names[h1.Location], to)
		return StatusMovedPermanently
	}
	return OK
}

// enterLocation applies what holds from the moment a location is in effect.
func (r *Request) enterLocation() {
	r.lostContent = false
	if l := r.loc.limited; l != nil && r.Method&r.loc.limitMethods != 0 {
		r.loc = l
		r.Trace(Event{Kind: EventLimited})
	}
	if in := r.loc.Core.BodyInFile; in != settings.BodyFileOff {
		r.bodyInFile = in
	}
	if r.parent != nil {
		return
	}
	core := r.loc.Core
	r.setLog(r.loc.Log)
	if !r.Proto.Keepalive {
		return
	}
	switch {
	case core.KeepaliveTimeout == 0,
		r.Proto.Number >= uint64(core.KeepaliveRequests),
		r.Start-r.client.Start > core.KeepaliveTime*1e6,
		r.In.UserAgent&header.MSIE6 != 0 && r.Method == h1.Post && core.KeepaliveDisable.V&settings.DisableMSIE6 != 0,
		r.In.UserAgent&header.Safari != 0 && core.KeepaliveDisable.V&settings.DisableSafari != 0:
		r.Proto.Keepalive = false
	}
}
