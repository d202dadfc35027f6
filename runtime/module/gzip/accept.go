package gzip

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// OK reports whether the client of r may get a gzipped response: what it
// accepts, its version and agent, and what proxies between us ask for.
func (k Checker) OK(r *httpd.Request) bool { return k.a.ok(r) }

// Vary is gzip_vary.
func (k Checker) Vary() bool { return k.vary }

func (a *accept) ok(r *httpd.Request) bool {
	if r.Parent() != nil || !Accepted(r.In.Get(h1.AcceptEncoding)) {
		return false
	}
	if a.msie6 && r.MSIE6() || r.Version < a.version {
		return false
	}
	if r.In.Has(h1.Via) && !a.throughProxy(r) {
		return false
	}
	if agent := r.In.Get(h1.UserAgent); agent != nil {
		for _, re := range a.agents.Items {
			if re.Match(agent) {
				return false
			}
		}
	}
	return true
}

// throughProxy applies gzip_proxied.
func (a *accept) throughProxy(r *httpd.Request) bool {
	p, o := a.proxied.V, &r.Out
	switch {
	case p&proxiedOff != 0:
		return false
	case p&proxiedAny != 0, p&proxiedAuth != 0 && r.In.Has(h1.Authorization):
		return true
	}
	if e := o.Find(h1.Expires); e != nil {
		return p&proxiedExpired != 0 && expired(e.Value, o.Date)
	}
	if o.Find(h1.CacheControl) != nil {
		return p&proxiedNoCache != 0 && inCacheControl(o, "no-cache") ||
			p&proxiedNoStore != 0 && inCacheControl(o, "no-store") ||
			p&proxiedPrivate != 0 && inCacheControl(o, "private")
	}
	return (p&proxiedNoLastModified == 0 || o.LastModText == nil && o.LastModified == -1) &&
		(p&proxiedNoETag == 0 || o.Find(h1.ETag) == nil)
}

// expired compares Expires with Date, or with the time of day.
func expired(expires, date []byte) bool {
	at, ok := h1.ParseHTTPDate(expires)
	if !ok {
		return false
	}
	now := clock.Now().Sec
	if date != nil {
		if now, ok = h1.ParseHTTPDate(date); !ok {
			return false
		}
	}
	return at < now
}

// inCacheControl reports whether a field of Cache-Control has the directive.
func inCacheControl(o *header.Out, name string) bool {
	for i := range o.List {
		if f := &o.List[i]; f.ID == h1.CacheControl && !f.Hidden && hasToken(f.Value, name) {
			return true
		}
	}
	return false
}

// hasToken looks for a token without a value in a list separated by commas or
// semicolons.
func hasToken(list []byte, name string) bool {
	for len(list) >= len(name) {
		if h1.EqualFold(list[:len(name)], name) {
			rest := bytes.TrimLeft(list[len(name):], " ")
			if len(rest) == 0 || rest[0] == ',' {
				return true
			}
		}
		end := bytes.IndexAny(list, ",;")
		if end < 0 {
			return false
		}
		list = bytes.TrimLeft(list[end+1:], " ")
	}
	return false
}

// Accepted reports whether an Accept-Encoding names gzip with a quality above
// zero, by nginx's reading: the name may follow a comma or a space, "*" does not
// count, and what is malformed refuses.
func Accepted(v []byte) bool {
	for at := 0; ; {
		i := indexGzip(v[at:])
		if i < 0 {
			return false
		}
		at += i
		if at == 0 || v[at-1] == ',' || v[at-1] == ' ' {
			return acceptedQuality(v[at+4:])
		}
		at += 4
	}
}

// indexGzip finds "gzip" in any case.
func indexGzip(v []byte) int {
	for i := 0; i+4 <= len(v); i++ {
		if v[i]|0x20 == 'g' && h1.EqualFold(v[i:i+4], "gzip") {
			return i
		}
	}
	return -1
}

// acceptedQuality reads what follows the name: nothing, a comma, or ";q=" and a
// number above zero.
func acceptedQuality(v []byte) bool {
	v = bytes.TrimLeft(v, " ")
	if len(v) == 0 || v[0] == ',' {
		return true
	}
	if v[0] != ';' {
		return false
	}
	v = bytes.TrimLeft(v[1:], " ")
	if len(v) == 0 {
		return true
	}
	if v[0]|0x20 != 'q' || len(v) < 3 || v[1] != '=' {
		return false
	}
	return quality(v[2:]) > 0
}

// quality reads a number from 0 to 1 with at most three decimals, in
// thousandths; 0 for anything else.
func quality(v []byte) int {
	if end := bytes.IndexAny(v, ", "); end >= 0 {
		v = v[:end]
	}
	if len(v) == 0 || len(v) > len("1.000") || v[0] != '0' && v[0] != '1' || len(v) > 1 && v[1] != '.' {
		return 0
	}
	q, scale := int(v[0]-'0')*1000, 100
	for i := 2; i < len(v); i++ {
		if v[i] < '0' || v[i] > '9' {
			return 0
		}
		q += int(v[i]-'0') * scale
		scale /= 10
	}
	if q > 1000 {
		return 0
	}
	return q
}
