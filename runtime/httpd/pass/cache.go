package pass

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/cache"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// cached is what an exchange has to do with a cache. It is part of the pooled exchange.
type cached struct {
	zone  *cache.Zone
	query cache.Query
	ref   cache.Ref     // of query.Key
	entry cache.Entry   // what is cached; open where isOpen
	fill  cache.Fill    // the response on its way into the cache, where filling
	fresh caching.Fresh // of the response that was read last
	main  cache.Key     // of the key's text; query.Key may be that of a variant
	at    int64         // Unix seconds when the cache was asked

	status cache.Status
	active bool // the request may be answered from the cache; it may be wanted for status alone later
	// cacheable says that the response is to be stored, as far as is known. Until then the
	// request that is sent is that for a response to be stored.
	cacheable bool
	isOpen    bool
	filling   bool
	fromStore bool // the response that is sent is the cached one
	scratch   []byte
	plan      CachePlan // of a request that is explained
	rfc9111
}

// KeyAppender is a codec whose module has a key where *_cache_key is not given.
type KeyAppender interface {
	AppendCacheKey(dst []byte) []byte
}

// cacheZone returns the zone of the request. Where it is nil, the request is not cached, or done says that rc ends it.
func (x *Exchange) cacheZone() (zone *cache.Zone, rc httpd.Result, done bool) {
	zone, ok := x.S.Cache.ZoneFor(x.R)
	if !ok {
		return nil, httpd.StatusInternalServerError, true
	}
	return zone, httpd.OK, false
}

// fromCache answers the request from the cache. done is false where the upstream server is
// to be asked; what the cache wants of the response is known then.
//
//go:noinline
func (x *Exchange) fromCache() (rc httpd.Result, done bool) {
	c, s, r := &x.cached, &x.S.Cache, x.R
	if s.Purge.On() {
		if rc, done := x.purge(); done {
			return rc, true
		}
	}
	if !s.On() || int(r.Method)&s.Methods.V == 0 {
		return httpd.OK, false
	}
	zone, rc, done := x.cacheZone()
	if zone == nil {
		return rc, done
	}
	if r.Method == h1.Head && s.ConvertHead {
		x.Method = methodGet
	}
	c.zone, c.active, c.cacheable, c.at = zone, true, true, time.Now().Unix()
	if s.RFC9111 {
		x.readWants()
	}
	x.watch = false // the response is wanted without the client, too
	c.query = cache.Query{Text: x.cacheKey(), MinUses: s.MinUses, Owner: r, Temp: &x.S.Temp}
	c.main = cache.KeyOf(c.query.Text)
	c.query.Key = c.main
	if caching.AnySet(r, s.Bypass.Items) {
		c.status = cache.StatusBypass
		return httpd.OK, false
	}
	c.status = cache.StatusMiss
	if rc, done = x.openCached(); done {
		return rc, true
	}
	if s.RFC9111 && c.wants.Has(caching.NoStore) {
		c.cacheable = false
	}
	if f := r.In.Get(h1.Range); f != nil && c.cacheable && s.RangeTooFar(f) {
		c.cacheable = false
	}
	if !c.cacheable {
		x.uncache()
	}
	return httpd.OK, false
}

// cacheKey is the text of the request's key.
func (x *Exchange) cacheKey() []byte {
	b := x.cached.scratch[:0]
	if v := x.S.Cache.Key; v != nil {
		b = v.Append(b, x.R)
	} else if k, ok := x.codec.(KeyAppender); ok {
		b = k.AppendCacheKey(b)
	}
	x.cached.scratch = b
	if x.R.Debugging() {
		x.R.Debugf(`http cache key: "%s"`, b)
	}
	return x.R.Copy(b)
}

// openCached looks the request up and answers it where that is possible.
func (x *Exchange) openCached() (rc httpd.Result, done bool) {
	c, s := &x.cached, &x.S.Cache
	x.takeUpdate()
	until := clock.Mono() + int64(msec(s.LockTimeout))
	for {
		switch c.zone.Open(&c.ref, &c.query, &c.entry) {
		case cache.Found:
			c.isOpen = true
			again, valid := x.chooseVariant()
			switch {
			case again:
				continue
			case !valid:
				return httpd.OK, false
			case !x.lacksBody():
				return x.useCached()
			}
			c.closeEntry() // a miss, whose response takes its place
		case cache.StatusOnly:
			c.status = cache.StatusHit
			rc = httpd.Result(c.ref.Status())
			c.release()
			return rc, true
		case cache.Scarce:
			c.cacheable = false
			return httpd.OK, false
		case cache.Failed:
			return httpd.StatusInternalServerError, true
		}
		again, rc := x.lockCached(&until)
		if rc != httpd.OK {
			return rc, true
		}
		if !again {
			return httpd.OK, false
		}
	}
}

// chooseVariant compares the variant that is cached with the one that the request is for.
// again: that is another one, to be looked up under a key of its own. valid is false for an
// entry that cannot be used.
func (x *Exchange) chooseVariant() (again, valid bool) {
	c := &x.cached
	if len(c.entry.Vary) == 0 {
		return false, true
	}
	var hash cache.Key
	hash, c.scratch = caching.Variant(c.main, c.entry.Vary, x.R.In.List, c.scratch)
	if hash == c.entry.Variant {
		return false, true
	}
	c.query.Epoch = c.entry.Epoch
	c.closeEntry()
	if c.query.Key != c.main {
		x.R.Logf(errlog.Crit, nil, `cache file "%s" has incorrect vary hash`, c.ref.Path())
		return false, false
	}
	c.ref.Release()
	c.query.Key = hash
	return true, true
}

// lacksBody reports whether the open entry is the response to a HEAD request, which says nothing to another one: sent
// with its Content-Length it would make the client take the next response for its body.
func (x *Exchange) lacksBody() bool {
	e := &x.cached.entry
	return e.ToHead && e.Size == 0 && x.R.Method != h1.Head
}

// asksHead reports whether the peer is asked by HEAD.
func (x *Exchange) asksHead() bool { return x.R.Method == h1.Head && x.Method == nil }

// useCached answers from the open entry, unless it is too old.
func (x *Exchange) useCached() (rc httpd.Result, done bool) {
	c, s, r := &x.cached, &x.S.Cache, x.R
	if x.fresh() {
		c.status = cache.StatusHit
		return x.sendCached()
	}
	if s.RFC9111 && x.acceptsStale() {
		c.status = cache.StatusStale
		return x.sendCached()
	}
	mine := c.ref.Updating() || c.ref.Update()
	stale := (c.strict == caching.Free && s.UseStale.V&int(FailUpdating) != 0 || c.strict != caching.Always && c.entry.StaleUpdating(c.at)) &&
		!r.InBackground()
	switch {
	case mine && stale && s.BackgroundUpdate:
		if x.updateCached() {
			c.status = cache.StatusStale
			return x.sendCached()
		}
	case !mine && stale:
		c.status = cache.StatusUpdating
		return x.sendCached()
	}
	c.status = cache.StatusExpired
	return httpd.OK, false
}

// lockCached makes the request the one that fills the entry, or waits for the one that
// does; then again is true. until is the end of *_cache_lock_timeout, 0 once it is over.
func (x *Exchange) lockCached(until *int64) (again bool, rc httpd.Result) {
	c, s := &x.cached, &x.S.Cache
	if !s.Lock || c.ref.Updating() || c.ref.Lock(msec(s.LockAge)) {
		return false, httpd.OK
	}
	left := time.Duration(*until - clock.Mono())
	if *until == 0 || s.LockTimeout == 0 {
		c.cacheable = false
		return false, httpd.OK
	}
	switch x.waitCached(max(left, 1)) {
	case cache.Granted:
		return false, httpd.OK
	case cache.TimedOut:
		x.R.Logf(errlog.Info, nil, "cache lock timeout")
		*until = 0
	case cache.Cancelled:
		return false, x.aborted()
	}
	return true, httpd.OK
}

// waitCached waits until the entry is filled, or the client leaves.
func (x *Exchange) waitCached(timeout time.Duration) cache.WaitResult {
	x.watch = !x.S.IgnoreClientAbort && !x.R.Answered()
	x.beginWatch()
	x.R.BeginWait()
	res := x.cached.ref.Wait(msec(x.S.Cache.LockAge), timeout, x.wake)
	x.R.EndWait()
	x.endWatch()
	x.watch = false
	if x.gone.Load() {
		return cache.Cancelled
	}
	return res
}

// handedUpdate is the right to update an entry on its way to a background request.
type handedUpdate struct {
	ref  cache.Ref
	done chan struct{} // closed when the background request is over
}

// End implements httpd.Ender: the background request is over, and may not have come as far
// as to the cache.
func (h *handedUpdate) End() {
	h.ref.Release()
	close(h.done)
}

// updateWait makes a connection that ends with its response stay open until the entry is
// updated, as nginx's does: a client that asks again after the end of the connection gets the new one.
// A connection that is kept does not wait. The upstream server's times bound the wait.
type updateWait struct {
	main *httpd.Request
	done chan struct{}
}

// End implements httpd.Ender.
func (w *updateWait) End() {
	if !w.main.Keepalive() && !w.main.Failed() {
		<-w.done
	}
}

// updateCached starts a request in the background that updates the entry. False: it cannot,
// and this request is to do it.
func (x *Exchange) updateCached() bool {
	h := &handedUpdate{done: make(chan struct{})}
	x.cached.ref.MoveTo(&h.ref)
	if x.R.Again(h) {
		x.R.AtEnd(&updateWait{x.R.Main(), h.done})
		return true
	}
	h.ref.MoveTo(&x.cached.ref)
	return false
}

// takeUpdate takes over what updateCached has handed to a background request.
func (x *Exchange) takeUpdate() {
	if h, ok := x.R.AgainFor().(*handedUpdate); ok {
		h.ref.MoveTo(&x.cached.ref)
	}
}

// uncache says that the response is not stored, whatever it is.
func (x *Exchange) uncache() {
	c := &x.cached
	c.cacheable = false
	c.release()
	x.watch = !x.S.IgnoreClientAbort && !x.R.Answered()
}

func (c *cached) closeEntry() {
	if c.isOpen {
		c.entry.Close()
		c.isOpen = false
	}
}

// release ends all use of the cache but the variables.
func (c *cached) release() {
	if c.filling {
		c.filling = false
		c.fill.Abort()
	}
	c.closeEntry()
	c.ref.Release()
}

// reset prepares c for another request; memory stays.
func (c *cached) reset() {
	if c.on {
		c.rfc9111 = rfc9111{}
	}
	if !c.active {
		c.cacheable = false // of a request that was explained
		return
	}
	c.release()
	c.zone, c.query = nil, cache.Query{}
	c.fresh.Reset()
	c.status, c.active, c.cacheable, c.fromStore = cache.StatusNone, false, false, false
}
