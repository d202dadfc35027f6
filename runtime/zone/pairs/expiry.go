package pairs

import (
	stdheap "container/heap"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
)

// heap is the records that expire, the next one first.
type heap []*record

// Len implements container/heap.
func (h heap) Len() int { return len(h) }

// Less implements container/heap.
func (h heap) Less(i, j int) bool { return h[i].value.Load().expires < h[j].value.Load().expires }

// Swap implements container/heap.
func (h heap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push implements container/heap.
func (h *heap) Push(x any) {
	r := x.(*record)
	r.place = len(*h)
	*h = append(*h, r)
}

// Pop implements container/heap.
func (h *heap) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	r.place = -1
	return r
}

func (h *heap) remove(r *record) {
	if r.place >= 0 {
		stdheap.Remove(h, r.place)
	}
}

// sweepPause is the least time between two runs of the timer that removes what
// has expired. Look-ups do not find it from the moment on at which it expires.
const sweepPause = time.Second

// schedule puts a record that was changed to its place among those that expire.
func (s *Store) schedule(r *record) {
	switch expires := r.value.Load().expires != 0; {
	case expires && r.place >= 0:
		stdheap.Fix(&s.expiry, r.place)
	case expires:
		stdheap.Push(&s.expiry, r)
	default:
		s.expiry.remove(r)
	}
	if r.place == 0 && s.sweep != nil { // it is the next one now
		s.sweep.Stop()
		s.sweep = nil
	}
	s.arm()
}

// arm starts the timer, where it does not run and is needed.
func (s *Store) arm() {
	if s.sweep != nil || len(s.expiry) == 0 || s.closed {
		return
	}
	wait := time.Duration(s.expiry[0].value.Load().expires - clock.Mono())
	s.sweep = time.AfterFunc(max(wait, sweepPause), s.swept)
}

func (s *Store) swept() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep = nil
	s.purge()
	s.arm()
}

// purge removes what has expired. The state file says when a pair expires, so
// that it need not be written.
func (s *Store) purge() {
	if len(s.expiry) == 0 {
		return
	}
	for now := clock.Mono(); len(s.expiry) > 0 && s.expiry[0].value.Load().expires <= now; {
		s.remove(s.expiry[0])
	}
}
