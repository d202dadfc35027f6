package pass

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/cache"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// What *_cache_rfc9111 adds to a cache (docs/adr/0047). Sections are those of RFC 9111.

// rfc9111 is the part of cached that is used with the switch on.
type rfc9111 struct {
	on     bool            // it is used: reset clears it
	rules  caching.RFC9111 // of the response that was read last
	wants  caching.Control // what the request says of responses from a cache
	strict caching.Strict  // how far the open entry may be used once it is not fresh
}

// readWants reads what the request wants (section 5.2.1). A background request
// has no client, and so no wishes.
func (x *Exchange) readWants() {
	w, in := &x.cached.wants, &x.R.In
	x.cached.on = true
	switch {
	case x.R.InBackground():
	case in.Has(h1.CacheControl):
		for i := range in.List {
			if f := &in.List[i]; f.ID == h1.CacheControl {
				w.Add(f.Value)
			}
		}
	case in.Has(h1.Pragma) && h1.ContainsFold(in.Get(h1.Pragma), "no-cache"): // section 5.4
		w.Set = caching.NoCache
	}
}

// fresh reports whether the open entry is fresh, and so for this request.
func (x *Exchange) fresh() bool {
	c := &x.cached
	if c.entry.Valid < c.at {
		return false
	}
	w := &c.wants
	if !x.S.Cache.RFC9111 || w.Set == 0 {
		return true
	}
	if w.Has(caching.NoCache) || w.Has(caching.MaxAge) && x.storedAge() > w.MaxAge ||
		w.Has(caching.MinFresh) && c.entry.Valid-c.at < w.MinFresh {
		c.strict = caching.Always // not even if the upstream server fails
		return false
	}
	return true
}

// acceptsStale reports whether the open entry, which is not fresh, may be sent since the
// request accepts that (max-stale), and finds out in which other cases it may be.
func (x *Exchange) acceptsStale() bool {
	c, w := &x.cached, &x.cached.wants
	if c.strict == caching.Always {
		return false
	}
	c.rules = caching.RFC9111{}
	eachField(c.entry.Head, func(id h1.FieldID, value []byte) {
		c.rules.Field(id, value, x.S.ignoredByCache(), func(a, b []byte) []byte { return x.R.Join(a, comma, b) })
	})
	if c.strict = c.rules.Strict(); w.Has(caching.NoCache) {
		c.strict = caching.Always
	}
	return c.strict == caching.Free && w.Has(caching.MaxStale) && c.at-c.entry.Valid-1 <= w.MaxStale &&
		(!w.Has(caching.MaxAge) || x.storedAge() <= w.MaxAge)
}

// storedAge is the age of the open entry.
func (x *Exchange) storedAge() int64 { return ageOf(&x.cached.entry, x.cached.at) }

// ageOf is the age of an entry (section 4.2.3). One that was stored without the switch has
// an Age of its own in its head.
func ageOf(e *cache.Entry, now int64) int64 {
	age := now - e.Date
	eachField(e.Head, func(id h1.FieldID, value []byte) {
		if id == h1.Age {
			age += caching.AgeOf(value)
		}
	})
	return max(age, 0)
}

// eachField calls fn for the fields of a head that was stored.
func eachField(head []byte, fn func(id h1.FieldID, value []byte)) {
	_, rest, _ := bytes.Cut(head, crlf)
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, crlf)
		if name, value, ok := bytes.Cut(line, colonSpace); ok {
			fn(h1.LookupField(name), value)
		}
	}
}

// onlyCached ends a request that must not go to the upstream server (section 5.2.1.7).
func (x *Exchange) onlyCached() bool {
	c := &x.cached
	if !c.active || !c.wants.Has(caching.OnlyIfCached) {
		return false
	}
	c.release()
	return true
}

// settle decides whether the response is stored, and until when it is fresh.
func (x *Exchange) settle() {
	c := &x.cached
	if !c.active {
		x.invalidate()
		return
	}
	status := x.Response.Status
	if !c.cacheable || status == int(httpd.StatusNotModified) && c.isOpen {
		return
	}
	x.judgeRFC9111(status == 206 && x.ranged())
}

// judgeRFC9111 is settle for the fields that rules has seen. ranged: a range was asked for.
func (x *Exchange) judgeRFC9111(ranged bool) {
	c, status := &x.cached, x.Response.Status
	j := c.rules.Judge(&caching.Context{
		Status: status, Now: c.at, Delay: (x.now - x.started) / 1e9, Valid: x.S.Cache.Lifetime(status),
		Authorized: x.R.In.Has(h1.Authorization), NoStore: c.wants.Has(caching.NoStore), Ranged: ranged,
	})
	c.fresh.Reset()
	c.fresh.Valid, c.fresh.Born, c.fresh.Updating, c.fresh.Error = j.Valid, j.Born, j.Updating, j.Error
	c.fresh.Vary = c.rules.Vary()
	if j.Refused != "" {
		c.fresh.Refuse(j.Refused)
	}
}

// ranged reports whether the upstream server was asked for a range, by the configuration:
// the client's is not passed on where the response may be stored.
func (x *Exchange) ranged() bool {
	head := x.out.B[:x.outLen]
	if c, ok := x.codec.(liner); ok {
		for _, line := range c.Lines(head) {
			if len(line) > 6 && strings.EqualFold(line[:6], "range:") {
				return true
			}
		}
	}
	return h1.ContainsFold(head, "\nrange:") || bytes.Contains(head, []byte("HTTP_RANGE"))
}

// replyRFC9111 prepares the header of a cached response.
func (x *Exchange) replyRFC9111() {
	x.setAge()
	x.R.PreferETag()
	if f := x.Response.Get(h1.Date); f != nil && x.S.hidden.known[h1.Date] {
		x.R.Out.Date = f.Value // it is that of the response, not of the answer (RFC 9110, section 6.6.1)
	}
	if x.Response.Status == 200 && !x.Response.Has(h1.AcceptRanges) { // section 3.3: all of it is there
		x.R.AllowRanges(false)
	}
}

// setAge tells the client how old the cached response is (section 5.1).
func (x *Exchange) setAge() {
	c := &x.cached
	if x.S.hidden.known[h1.Age] {
		return
	}
	age := c.at - c.entry.Date
	if c.status == cache.StatusRevalidated {
		age = c.at - c.fresh.Born
	} else if f := x.Response.Get(h1.Age); f != nil {
		age += caching.AgeOf(f.Value)
	}
	x.R.Out.Set(h1.Age, x.R.Number(max(age, 0)))
}

// strip takes what is not stored out of the response that was just passed on: Age, which
// the entry's date stands for, and what holds for a connection (section 3.1).
func (p *Response) strip() {
	for i := range p.Fields {
		f := &p.Fields[i]
		switch f.ID {
		case h1.Age:
			f.Ignored = true
		case h1.Connection:
			for name := range bytes.SplitSeq(f.Value, comma[:1]) {
				p.ignore(bytes.TrimSpace(name))
			}
		}
	}
}

// ignore leaves out all fields with a name that is not one of those that mean something here.
func (p *Response) ignore(name []byte) {
	for i := range p.Fields {
		if f := &p.Fields[i]; f.ID == h1.UnknownField && bytes.EqualFold(f.Name, name) {
			f.Ignored = true
		}
	}
}

// unsafe reports whether a method may change what is stored at the server (section 4.4).
func unsafe(r *httpd.Request) bool {
	switch r.Method {
	case h1.Get, h1.Head, h1.Options, h1.Propfind, h1.Trace, h1.Connect:
		return false
	case h1.Unknown:
		return string(r.MethodStr) != "REPORT" && string(r.MethodStr) != "SEARCH"
	}
	return true
}

// invalidate removes from the cache what a request with an unsafe method has changed: the
// response to its URI, and to those that the answer names (section 4.4).
func (x *Exchange) invalidate() {
	s, r, p := &x.S.Cache, x.R, &x.Response
	if !s.On() || p.Status < 200 || p.Status > 399 || !unsafe(r) || int(r.Method)&s.Methods.V != 0 {
		return
	}
	zone, _ := s.ZoneFor(r)
	if zone == nil {
		return
	}
	key := x.cacheKey()
	remove := func(key []byte) {
		if zone.Purge(r, cache.KeyOf(key)) {
			r.Logf(errlog.Info, nil, `cache entry of "%s" was invalidated by %s`, key, r.MethodStr)
		}
	}
	remove(key)
	prefix, found := bytes.CutSuffix(key, r.Unparsed)
	if !found || len(r.Unparsed) == 0 {
		return // which part of the key is the URI is not known
	}
	for _, id := range []h1.FieldID{h1.Location, h1.ContentLocation} {
		if f := p.Get(id); f != nil {
			if uri := x.sameOrigin(f.Value); uri != "" {
				remove(append(prefix[:len(prefix):len(prefix)], uri...))
			}
		}
	}
}

// sameOrigin is the path and query of a reference, "" if it is not to the host of the request.
func (x *Exchange) sameOrigin(reference []byte) string {
	r := x.R
	scheme := "http"
	if r.Client().TLS != nil {
		scheme = "https"
	}
	base, err := url.Parse(scheme + "://" + string(r.In.Get(h1.Host)) + string(r.Unparsed))
	if err != nil {
		return ""
	}
	to, err := base.Parse(string(reference))
	if err != nil || to.Scheme != base.Scheme || !strings.EqualFold(to.Host, base.Host) {
		return ""
	}
	return to.RequestURI()
}
