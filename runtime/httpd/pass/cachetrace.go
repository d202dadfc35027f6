package pass

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/cache"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// CachePlan is what a cache would do with a request, as far as that is known without the
// cache and without a response.
type CachePlan struct {
	Zone string // "": the request has nothing to do with a cache
	Key  string
	// Passes says why the request is not answered from the cache, "" where it may be.
	Passes string
	// Drops says why the response would not be stored, "" where it may be.
	Drops string
	// Valid are the directives *_cache_valid; without one the response has to say for how
	// long it may be kept.
	Valid []caching.Valid
	// Held: a response is cached, and is fresh until Until, in seconds of the Unix clock.
	Held  bool
	Until int64
	// Stale: the response that is held and not fresh is sent while it is updated. Background: also to the request that
	// has it updated.
	Stale, Background bool
	// Ignore are the fields of the response that do not decide about its storing.
	Ignore caching.Ignore
	// NoCookies: the client does not get Set-Cookie (*_hide_header).
	NoCookies bool
	// RFC9111 is what RFC 9111 says of what is held, and of the request; nil where
	// *_cache_rfc9111 is off.
	RFC9111 *RFC9111Plan
	// Lock: one request at a time fills an entry.
	Lock bool
}

// RFC9111Plan is what RFC 9111 says where *_cache_rfc9111 is on.
type RFC9111Plan struct {
	Age   int64  // of the response that is held
	Basis string // why it is fresh until then, or refused
	// Strict says why it is not to be sent once it is not fresh, "" where nothing forbids it.
	Strict string
	// Wants is the request's Cache-Control, and Validates what of it makes what is held not
	// answer it; "" for nothing.
	Wants, Validates string
	// Invalidates: the request's method removes what is held, once it has succeeded.
	Invalidates bool
}

// planCache finds out what the cache has to do with a request that is to be explained. The
// request that is sent is that for a response to be stored, where it may be.
func (x *Exchange) planCache() {
	s, r := &x.S.Cache, x.R
	p := &x.cached.plan
	*p = CachePlan{}
	if !s.On() {
		return
	}
	if int(r.Method)&s.Methods.V == 0 {
		p.Zone, p.Passes = s.Zone(r), "the method is not one of those that are cached"
		p.Drops = p.Passes
		if s.RFC9111 {
			p.RFC9111 = &RFC9111Plan{Invalidates: unsafe(r)}
		}
		return
	}
	if p.Zone = s.Zone(r); p.Zone == "" {
		return
	}
	if r.Method == h1.Head && s.ConvertHead {
		x.Method = methodGet
	}
	p.Key, p.Lock, p.Valid, p.Ignore = string(x.cacheKey()), s.Lock, s.Valid.Items, x.S.ignoredByCache()
	p.NoCookies = x.S.hidden.known[h1.SetCookie]
	x.cached.cacheable = true
	if s.RFC9111 {
		x.readWants()
		p.RFC9111 = &RFC9111Plan{Wants: string(r.In.Get(h1.CacheControl))}
		if w := &x.cached.wants; w.Has(caching.NoStore) {
			p.Drops = "the request says no-store"
			x.cached.cacheable = false
		} else if w.Has(caching.OnlyIfCached) {
			p.Drops = "the request is not passed on: it says only-if-cached"
		}
	}
	if caching.AnySet(r, s.Bypass.Items) {
		p.Passes = "a value of *_cache_bypass is neither empty nor 0"
	}
	if caching.AnySet(r, s.NoCache.Items) {
		p.Drops = "a value of *_no_cache is neither empty nor 0"
	}
	if f := r.In.Get(h1.Range); f != nil && s.RangeTooFar(f) {
		p.Drops = "the range begins at *_cache_max_range_offset or behind"
		x.cached.cacheable = false
	}
	x.peek()
}

// peek looks whether there is a response already.
func (x *Exchange) peek() {
	c := &x.cached
	zone, _ := x.S.Cache.ZoneFor(x.R)
	if zone == nil {
		return
	}
	c.main = cache.KeyOf([]byte(c.plan.Key))
	q := cache.Query{Key: c.main, Text: []byte(c.plan.Key), MinUses: 1, Owner: x.R}
	var e cache.Entry
	found := zone.Peek(&q, &e) == cache.Found
	if found && len(e.Vary) > 0 {
		var hash cache.Key
		if hash, c.scratch = caching.Variant(c.main, e.Vary, x.R.In.List, c.scratch); hash != e.Variant {
			q.Key = hash
			found = zone.Peek(&q, &e) == cache.Found
		}
	}
	found = found && (!e.ToHead || e.Size > 0 || x.R.Method == h1.Head)
	now := time.Now().Unix()
	c.plan.Held, c.plan.Until, c.plan.Background = found, e.Valid, x.S.Cache.BackgroundUpdate
	c.plan.Stale = found && e.Valid < now && (x.S.Cache.UseStale.V&int(FailUpdating) != 0 || e.StaleUpdating(now))
	if p := c.plan.RFC9111; p != nil && found {
		c.at = now
		x.planRFC9111(p, &e)
	}
	e.Close()
}

// planRFC9111 says what RFC 9111 says of the entry e, for this request.
func (x *Exchange) planRFC9111(p *RFC9111Plan, e *cache.Entry) {
	c, w := &x.cached, &x.cached.wants
	c.rules = caching.RFC9111{}
	eachField(e.Head, func(id h1.FieldID, value []byte) {
		c.rules.Field(id, value, x.S.ignoredByCache(), func(a, b []byte) []byte { return x.R.Join(a, comma, b) })
	})
	j := c.rules.Judge(&caching.Context{Status: e.Status, Now: e.Date, Valid: x.S.Cache.Lifetime(e.Status), Ranged: true})
	p.Basis, p.Age = j.Basis, ageOf(e, c.at)
	switch {
	case c.rules.Strict() == caching.Own:
		p.Strict = "s-maxage"
	case c.rules.Strict() == caching.Free:
	case c.rules.Has(caching.NoCache):
		p.Strict = "no-cache"
	case c.rules.Has(caching.MustRevalidate):
		p.Strict = "must-revalidate"
	default:
		p.Strict = "proxy-revalidate"
	}
	if c.rules.Strict() != caching.Free && !(c.rules.Strict() == caching.Own && e.StaleUpdating(c.at)) {
		c.plan.Stale = false
	}
	switch {
	case w.Has(caching.NoCache):
		p.Validates = "no-cache"
	case w.Has(caching.MaxAge) && p.Age > w.MaxAge:
		p.Validates = "max-age"
	case w.Has(caching.MinFresh) && e.Valid-c.at < w.MinFresh:
		p.Validates = "min-fresh"
	}
}
