// Package zone keeps state by key in a bounded amount of memory: what nginx
// keeps in shared memory zones for limit_req, limit_conn and sticky learn.
//
//	t := zone.New[state](1<<20, 80)
//	t.Lock()
//	e := t.Find(key)
//	if e == nil {
//		e = t.Add(key) // nil: full
//	}
//	e.Value.count++
//	t.Unlock()
//
// The bound is counted as nginx's slab allocator counts, in slots of powers of
// two, so that a zone holds about as many keys as in nginx. The memory in use is
// more by a constant factor, and is allocated only for existing keys.
package zone
