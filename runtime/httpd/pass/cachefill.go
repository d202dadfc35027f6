package pass

import (
	"github.com/sluiceproxy/sluice/runtime/cache"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// A response is stored while it is passed on: what was decoded is written to a cache.Fill,
// on the goroutine that reads from the peer, and to the client. Neither waits for the other
// but for the end: the entry is in its place before the client has the last bytes, so that
// its next request finds it. A client that leaves does not end the filling.

// judge takes what the response says of itself into account, before its header is sent.
func (x *Exchange) judge() {
	if c := &x.cached; c.cacheable && !c.fresh.Keeps() {
		c.cacheable = false
	}
}

// beginFill begins to store the response, whose header was sent, where it is to be stored.
//
//go:noinline
func (x *Exchange) beginFill() {
	c, s, r := &x.cached, &x.S.Cache, x.R
	if !c.active {
		return
	}
	replaces := c.isOpen && !c.entry.ToHead
	c.closeEntry()
	switch {
	case !x.Buffering, replaces && x.asksHead(): // the entry has a body, the response to HEAD has none
		c.cacheable = false
	case caching.AnySet(r, s.NoCache.Items):
		c.cacheable = false
	case c.status == cache.StatusBypass:
		c.hold()
	}
	if !c.cacheable || !x.fill() {
		x.uncache()
	}
}

// hold makes the reference hold the key, as a request that was not looked up has not yet.
func (c *cached) hold() {
	c.zone.Hold(&c.ref, &c.query)
}

// fill begins to store the response. False: it is not stored.
func (x *Exchange) fill() bool {
	c, p := &x.cached, &x.Response
	valid := x.validUntil(p.Status)
	if valid == 0 {
		return false
	}
	born := c.at
	if x.S.Cache.RFC9111 {
		p.strip()
		born = c.fresh.Born
	}
	m := cache.Meta{
		Freshness: cache.Freshness{Valid: valid, Date: born, Updating: c.fresh.Updating, Error: c.fresh.Error},
		Status:    p.Status, LastModified: -1, Vary: c.fresh.Vary, ToHead: x.asksHead(),
	}
	if c.isOpen { // it is stored with another head
		m.ToHead = c.entry.ToHead
	}
	if p.Status == 200 || p.Status == 206 {
		if f := p.Get(h1.LastModified); f != nil {
			if t, ok := h1.ParseHTTPDate(f.Value); ok {
				m.LastModified = t
			}
		}
		if f := p.Get(h1.ETag); f != nil && len(f.Value) <= cache.MaxETag {
			m.ETag = f.Value
		}
	}
	if len(m.Vary) > 0 {
		m.Variant, c.scratch = caching.Variant(c.main, m.Vary, x.R.In.List, c.scratch)
	}
	if c.query.Key != c.main && (len(m.Vary) == 0 || m.Variant != c.query.Key) {
		// The response varies by other fields than the cached one, so it takes its place.
		c.ref.Release()
		c.query.Key, c.query.Epoch = c.main, 0
		c.hold()
	}
	c.scratch = p.appendHead(c.scratch[:0])
	c.filling = c.ref.Create(&c.fill, &c.query, &m, c.scratch)
	return c.filling
}

// validUntil is until when a response with a status is fresh, 0 for one that is not stored.
func (x *Exchange) validUntil(status int) int64 {
	c := &x.cached
	if c.fresh.Valid != 0 {
		return c.fresh.Valid
	}
	if n := x.S.Cache.ValidFor(status); n > 0 {
		return c.at + n
	}
	return 0
}

// endFill puts the entry into its place, see endTee.
func (x *Exchange) endFill() {
	c := &x.cached
	if !c.filling {
		return
	}
	c.filling = false
	size := c.fill.Size()
	if n := x.Response.ContentLength; n >= 0 && n != size && x.Length == -1 {
		c.fill.Abort()
	} else if c.fill.Commit() {
		c.zone.Written(c.status, size)
	}
	c.ref.Release()
}

// intercepted caches the status of a response that error_page replaces.
func (x *Exchange) intercepted() {
	c := &x.cached
	if !c.active {
		return
	}
	x.judge()
	if c.cacheable {
		if valid := x.validUntil(x.Response.Status); valid != 0 {
			c.ref.SetStatus(x.Response.Status, valid)
		}
	}
	c.cacheable = false
	c.release()
}

// endCached ends the exchange as far as the cache is concerned. That the peer has failed is
// cached where *_cache_valid says so.
func (x *Exchange) endCached(rc httpd.Result) {
	c := &x.cached
	if !c.active {
		return
	}
	if c.cacheable && (rc == httpd.StatusBadGateway || rc == httpd.StatusGatewayTimeout) {
		if n := x.S.Cache.ValidFor(int(rc)); n > 0 {
			c.ref.SetStatus(int(rc), c.at+n)
		}
	}
	c.release()
}
