package limitconn

import (
	"sync"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/module/limitreq/refusal"
	"github.com/sluiceproxy/sluice/runtime/zone"
)

type entry = zone.Entry[count]

// count is the number of requests under way with one key.
type count struct{ n int }

// holding is where a request is counted.
type holding struct {
	list []held
}

type held struct {
	zone  *zone.Zone[count]
	entry *entry
}

var holdings = sync.Pool{New: func() any { return new(holding) }}

// End implements httpd.Ender.
func (h *holding) End() {
	for i := range h.list {
		t, e := h.list[i].zone.Table, h.list[i].entry
		t.Lock()
		if e.Value.n--; e.Value.n == 0 {
			t.Remove(e)
		}
		t.Unlock()
	}
	clear(h.list)
	h.list = h.list[:0]
	holdings.Put(h)
}

// maxKey is the longest key.
const maxKey = 255

// check counts a request, or refuses it.
func (c *settings) check(r *httpd.Request) httpd.Result {
	if c.Known(r) {
		return httpd.Declined
	}
	h, _ := holdings.Get().(*holding)
	for i := range c.limits.Items {
		l := &c.limits.Items[i]
		key, ok := refusal.Key(r, l.zone.Key, maxKey)
		if !ok {
			continue
		}
		e, full := l.take(key)
		if e == nil && !full {
			r.Sleep(moment)
			e, full = l.take(key)
		}
		if e == nil {
			if !full {
				r.Logf(errlog.Level(c.Level), nil, `limiting connections%s by zone "%s"`, c.dry(), l.zone.Name)
			}
			h.End()
			if c.DryRun {
				l.zone.RejectedDryRun.Add(1)
			} else {
				l.zone.Rejected.Add(1)
			}
			return c.Reject(r)
		}
		c.Pass(r)
		l.zone.Passed.Add(1)
		h.list = append(h.list, held{l.zone, e})
	}
	if len(h.list) == 0 {
		h.End()
		return httpd.Declined
	}
	r.AtEnd(h)
	return httpd.Declined
}

// moment is how long, in ms, a request that meets the limit waits before it is
// refused: another request counts until it is logged, which is just after its client
// has its answer or has left. A request that comes in between is served by nginx.
const moment = 1

// take counts a request with a key; nil where it is one too many, or (full) where
// the zone has no room.
func (l *limit) take(key []byte) (e *entry, full bool) {
	t := l.zone.Table
	t.Lock()
	defer t.Unlock()
	if e = t.Find(key); e == nil {
		if e = t.Add(key); e == nil {
			return nil, true
		}
	}
	if e.Value.n >= l.most {
		return nil, false
	}
	e.Value.n++
	return e, false
}

func (c *settings) dry() string {
	if c.DryRun {
		return ", dry run,"
	}
	return ""
}
