package limitconn

import (
	"sync"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/module/limitreq/refusal"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/zone"
)

type entry = zone.Entry[count]

// count is the number of requests under way with one key, and the connections
// of the last few of them.
type count struct {
	n      int
	recent [4]*netio.Conn
	at     int // where the next goes
}

func (c *count) add(nc *netio.Conn) {
	c.n++
	c.recent[c.at] = nc
	c.at = (c.at + 1) % len(c.recent)
}

func (c *count) remove(nc *netio.Conn) {
	c.n--
	for i := range c.recent {
		if c.recent[i] == nc {
			c.recent[i] = nil
		}
	}
}

// leaving reports whether one of the recent clients has closed its connection,
// so that its request is likely to end very soon.
func (c *count) leaving() bool {
	for _, nc := range c.recent {
		if nc != nil {
			if gone, _ := nc.HungUp(); gone {
				return true
			}
		}
	}
	return false
}

// holding is where a request is counted.
type holding struct {
	nc   *netio.Conn
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
		if e.Value.remove(h.nc); e.Value.n == 0 {
			t.Remove(e)
		}
		t.Unlock()
	}
	clear(h.list)
	h.nc, h.list = nil, h.list[:0]
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
	h.nc = r.Conn().Net()
	for i := range c.limits.Items {
		l := &c.limits.Items[i]
		key, ok := refusal.Key(r, l.zone.Key, maxKey)
		if !ok {
			continue
		}
		e, why := l.take(key, h.nc)
		for waited := int64(0); why == leaving && waited < grace && !r.Failed(); waited += step {
			r.Sleep(step)
			e, why = l.take(key, h.nc)
		}
		if e == nil {
			if why != noMemory {
				r.Logf(errlog.Level(c.Level), nil, `limiting connections%s by zone "%s"`, c.dry(), l.zone.Name)
			}
			h.End()
			return c.Reject(r)
		}
		c.Pass(r)
		h.list = append(h.list, held{l.zone, e})
	}
	if len(h.list) == 0 {
		h.End()
		return httpd.Declined
	}
	r.AtEnd(h)
	return httpd.Declined
}

// A request whose client leaves ends when that is seen, which takes up to
// half a second while it waits for an upstream server. One that meets the
// limit in between is not refused before that, looking again every step, both
// in ms: in nginx it would be served. See docs/adr/0020.
const (
	grace = 550
	step  = 10
)

// reason is why a request is not counted.
type reason uint8

const (
	none     reason = iota
	tooMany         // as many as may be
	leaving         // the same, but one is about to end
	noMemory        // the zone is full
)

// take counts a request with a key.
func (l *limit) take(key []byte, nc *netio.Conn) (*entry, reason) {
	t := l.zone.Table
	t.Lock()
	defer t.Unlock()
	e := t.Find(key)
	if e == nil {
		if e = t.Add(key); e == nil {
			return nil, noMemory
		}
	}
	if e.Value.n >= l.most {
		if e.Value.leaving() {
			return nil, leaving
		}
		return nil, tooMany
	}
	e.Value.add(nc)
	return e, none
}

func (c *settings) dry() string {
	if c.DryRun {
		return ", dry run,"
	}
	return ""
}
