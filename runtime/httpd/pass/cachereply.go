package pass

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/cache"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// sendCached answers with the open entry. An entry whose head is invalid is a miss, and the
// upstream server is asked: done is false then.
func (x *Exchange) sendCached() (rc httpd.Result, done bool) {
	if !x.readCached() {
		x.cached.status = cache.StatusMiss
		return httpd.OK, false
	}
	return x.replyCached(), true
}

// readCached makes the open entry the response.
func (x *Exchange) readCached() bool {
	c := &x.cached
	c.fresh.Reset()
	c.fromStore = true
	if !x.parseCached(c.entry.Head) {
		c.fromStore = false
		x.R.Logf(errlog.Crit, nil, `cache file "%s" contains invalid header`, c.ref.Path())
		return false
	}
	return true
}

// replyCached sends the response that readCached has read. The update of the entry, if this
// request had it, is over.
func (x *Exchange) replyCached() httpd.Result {
	c, r := &x.cached, x.R
	r.Action("sending to client")
	var name []byte // for messages
	if c.entry.Body == nil {
		name = r.Copy(c.ref.Path())
	}
	c.ref.Release()
	c.zone.Served(c.status, c.entry.Size)
	if !c.fresh.Keeps() {
		c.cacheable = false
	}
	if f := x.Response.Get(h1.XAccelRedirect); f != nil && x.S.Ignore.V&ignoreRedirect == 0 {
		return x.accelRedirect(f.Value)
	}
	x.copyFields()
	x.allowRanges()
	if x.S.Cache.RFC9111 {
		x.replyRFC9111()
	}
	if rc := r.SendHeader(); rc != httpd.OK {
		return rc
	}
	if r.HeaderOnly() {
		return httpd.Done
	}
	o := &x.body.piece
	*o = httpd.Out{Last: true}
	switch {
	case c.entry.Body != nil:
		o.Mem = c.entry.Body
	case c.entry.Size > 0:
		o.IsFile, o.FD, o.Off, o.Len, o.Name = true, c.entry.FD, c.entry.Off, c.entry.Size, name
	}
	if err := r.Output(o); err != nil {
		return httpd.Error
	}
	return httpd.Done
}

// allowRanges says whether filters may cut the response and check preconditions of the
// client: where it is, or is becoming, a cached one, or *_force_ranges is on.
func (x *Exchange) allowRanges() {
	c, r := &x.cached, x.R
	if x.S.ForceRanges {
		r.AllowRanges(!c.fromStore)
	}
	if !c.cacheable {
		r.DisableNotModified()
	}
}

// copyAcceptRanges takes Accept-Ranges over: the field itself, or, with a cache, the right
// to cut the response. A response that is being stored passes by once, and cannot be put
// together from several ranges.
func (x *Exchange) copyAcceptRanges(f *Field) {
	c := &x.cached
	switch {
	case x.S.ForceRanges:
	case c.fromStore || c.cacheable:
		x.R.AllowRanges(!c.fromStore)
	default:
		x.R.Out.Add(f.ID, f.Name, f.Value)
	}
}

// stale reports whether *_cache_use_stale lets the open entry answer in place of a peer that
// has failed. failed tells a failure from a response with a status.
func (x *Exchange) stale(fail Fail, failed bool) bool {
	c := &x.cached
	if c.status != cache.StatusExpired || !c.isOpen {
		return false
	}
	if failed && x.sent && x.R.Method&(h1.Post|h1.Lock|h1.Patch) != 0 {
		fail |= FailNonIdempotent
	}
	words := Fail(x.S.Cache.UseStale.V)
	if words&FailError != 0 {
		words |= failNoLive
	}
	return c.strict == caching.Free && words&fail != 0 || c.strict != caching.Always && failed && c.entry.StaleError(c.at)
}

// sendStale answers with the open entry in place of a peer.
func (x *Exchange) sendStale(status cache.Status) httpd.Result {
	x.done()
	x.endUpload()
	x.cached.status = status
	if !x.readCached() {
		return x.finish(httpd.StatusInternalServerError)
	}
	return x.replyCached()
}

// instead answers with the open entry in place of a response that has come, where its status
// allows that. done is false for a response that is to be sent.
//
//go:noinline
func (x *Exchange) instead() (rc httpd.Result, done bool) {
	c := &x.cached
	if c.status != cache.StatusExpired || !c.isOpen {
		return httpd.OK, false
	}
	status := x.Response.Status
	if status == int(httpd.StatusNotModified) && x.S.Cache.Revalidate {
		if x.S.Cache.RFC9111 {
			return x.freshen(), true
		}
		return x.revalidated(), true
	}
	for _, n := range nextStatuses {
		if n.status == status && x.stale(n.fail, false) {
			return x.sendStale(cache.StatusStale), true
		}
	}
	return httpd.OK, false
}

// revalidated answers with the open entry, which the peer says is still right. How long it is
// so from now on the 304 says, else the entry, else *_cache_valid.
func (x *Exchange) revalidated() httpd.Result {
	c := &x.cached
	f := cache.Freshness{Date: c.at, Valid: c.fresh.Valid, Updating: c.fresh.Updating, Error: c.fresh.Error}
	x.done()
	x.endUpload()
	c.status = cache.StatusRevalidated
	if !x.readCached() {
		return x.finish(httpd.StatusInternalServerError)
	}
	if f.Valid == 0 {
		f.Valid, f.Updating, f.Error = c.fresh.Valid, c.fresh.Updating, c.fresh.Error
	}
	if f.Valid == 0 {
		if n := x.S.Cache.ValidFor(x.Response.Status); n > 0 {
			f.Valid = time.Now().Unix() + n
		}
	}
	if f.Valid != 0 {
		c.ref.Refresh(x.R, &c.entry, f)
	}
	return x.replyCached()
}
