package api

import (
	"math"

	"github.com/sluiceproxy/sluice/runtime/cache"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// cacheStates are what a cache is to a request, in the order of the documentation, and
// whether the response of such a request may be stored.
var cacheStates = []struct {
	name   string
	status cache.Status
	stored bool
}{
	{"hit", cache.StatusHit, false},
	{"stale", cache.StatusStale, false},
	{"updating", cache.StatusUpdating, false},
	{"revalidated", cache.StatusRevalidated, false},
	{"miss", cache.StatusMiss, true},
	{"expired", cache.StatusExpired, true},
	{"bypass", cache.StatusBypass, true},
}

// cacheZones answers for the zones of *_cache_path.
func (c *call) cacheZones(path []string) (any, httpd.Result, *problem) {
	list := *c.caches
	all := collection{show: func(i int) any { return showCache(list[i]) }}
	for _, z := range list {
		all.names = append(all.names, z.Name())
	}
	return c.named(path, all, errCache, func(i int) { list[i].ResetStats() })
}

func showCache(z *cache.Zone) object {
	s := z.Stats()
	o := object{{"size", s.Size}}
	if s.MaxSize != math.MaxInt64 {
		o.add("max_size", s.MaxSize)
	}
	o.add("cold", s.Cold)
	for _, st := range cacheStates {
		n := object{{"responses", s.Served[st.status].Responses}, {"bytes", s.Served[st.status].Bytes}}
		if st.stored {
			n.add("responses_written", s.Written[st.status].Responses)
			n.add("bytes_written", s.Written[st.status].Bytes)
		}
		o.add(st.name, n)
	}
	return o
}
