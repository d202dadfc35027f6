package pass

import (
	"github.com/sluiceproxy/sluice/runtime/cache"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// defineCacheVars defines what the cache was to a request, and what a request asks with
// whether an expired entry is still right.
func defineCacheVars(b *httpd.Builder) {
	b.Vars.Define("upstream_cache_status", httpd.Var{NoCache: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
		x := exchangeOf(r)
		if x == nil || x.cached.status == cache.StatusNone {
			return nil, false
		}
		return cacheStatusText[x.cached.status], true
	}})
	expired := func(name string, get func(r *httpd.Request, e *cache.Entry) ([]byte, bool)) {
		b.Vars.Define(name, httpd.Var{NoCache: true, Unhashed: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
			x := exchangeOf(r)
			if x == nil || !x.S.Cache.Revalidate || x.cached.status != cache.StatusExpired || !x.cached.isOpen {
				return nil, false
			}
			return get(r, &x.cached.entry)
		}})
	}
	expired("upstream_cache_etag", func(_ *httpd.Request, e *cache.Entry) ([]byte, bool) {
		return e.ETag, len(e.ETag) > 0
	})
	expired("upstream_cache_last_modified", func(r *httpd.Request, e *cache.Entry) ([]byte, bool) {
		if e.LastModified == -1 {
			return nil, false
		}
		return h1.AppendHTTPDate(r.Alloc(httpDateSize)[:0], e.LastModified), true
	})
}

const httpDateSize = len("Mon, 28 Sep 1970 06:00:00 GMT")

// cacheStatusText are the values of $upstream_cache_status.
var cacheStatusText = func() (t [cache.StatusScarce + 1][]byte) {
	for s := range t {
		t[s] = []byte(cache.Status(s).String())
	}
	return t
}()
