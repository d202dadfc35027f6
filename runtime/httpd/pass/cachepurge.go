package pass

import (
	"html"

	"github.com/sluiceproxy/sluice/runtime/cache"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
)

// purge answers a purge request. done is false for any other.
func (x *Exchange) purge() (rc httpd.Result, done bool) {
	s, r := &x.S.Cache, x.R
	if r.InBackground() {
		return httpd.OK, false
	}
	wanted, allowed := s.Purge.Wanted(r)
	switch {
	case !wanted || !s.On():
		return httpd.OK, false
	case !allowed:
		return httpd.StatusForbidden, true
	}
	zone, rc, done := x.cacheZone()
	if zone == nil {
		return rc, done
	}
	return removeCached(r, zone, &s.Purge, x.cacheKey()), true
}

// purgeOwn is the handler of a location with a *_cache_purge that names a zone and a key.
func purgeOwn(p caching.Purge) httpd.Handler {
	return func(r *httpd.Request) httpd.Result { return removeCached(r, p.Path.Zone, &p, p.Key.Eval(r)) }
}

// removeCached removes the entries of a key, or of all keys that begin with it where it ends with
// an asterisk, and answers the request for it.
func removeCached(r *httpd.Request, zone *cache.Zone, p *caching.Purge, key []byte) httpd.Result {
	found := true
	if prefix, ok := caching.Wildcard(key); ok {
		zone.PurgePrefix(r, prefix)
	} else {
		found = zone.Purge(r, cache.KeyOf(key))
	}
	r.Logf(errlog.Info, nil, `cache purge: "%s"`, key)
	switch {
	case !found:
		return httpd.StatusNotFound
	case !p.Module():
		return httpd.StatusNoContent
	}
	return r.Respond(httpd.StatusOK, []byte("text/html"), r.Join(purgedHead, []byte(html.EscapeString(string(key))), purgedTail))
}

var (
	purgedHead = []byte("<html>\r\n<head><title>Successful purge</title></head>\r\n<body>\r\n<center><h1>Successful purge</h1>" +
		"<br>Key : ")
	purgedTail = []byte("</center>\r\n</body>\r\n</html>\r\n")
)
