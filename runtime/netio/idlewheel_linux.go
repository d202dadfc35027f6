package netio

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
)

// wheel holds the places of an idle poller by the time at which the timeout of their
// connection is to be looked at: 64 buckets of 17 ms for those that end within a
// second, and 64 of 1.1 s for all others. When one of the latter begins, its
// connections go on to the former; what ends later than they reach waits in the
// farthest, and is looked at a minute later again.
//
// Parking again moves nothing as long as the place will be looked at before the
// timeout ends: then the look finds out how long the connection has to wait by
// now. So a connection in use costs a look a minute, and a sweep costs by the
// connections that are due, not by all that are parked.
type wheel struct {
	// The heads of the lists: of the fine buckets, of the coarse ones, and of what
	// has been taken out of them since and is yet to be looked at.
	heads [2*buckets + 1]links
	swept int64 // the fine bucket up to which all have been taken out
}

const (
	fineShift   = 24 // a fine bucket is 1<<24 ns
	coarseShift = fineShift + 6
	buckets     = 1 << (coarseShift - fineShift)

	// sweepBatch is how many connections a sweep looks at while it holds mu.
	sweepBatch = 256
)

// dueNow is the list of what is to be looked at, as fineBucket and coarseBucket
// name the buckets': heads have negative numbers, the places the others.
const dueNow int32 = ^(2 * buckets)

func fineBucket(n int64) int32   { return ^int32(n % buckets) }
func coarseBucket(n int64) int32 { return ^int32(buckets + n%buckets) }

// links are the neighbours in a list, which is a ring through its head. What is in
// no list is its own neighbour.
type links struct{ next, prev int32 }

func (p *parker) initWheel() {
	for i := range p.wheel.heads {
		p.wheel.heads[i] = links{^int32(i), ^int32(i)}
	}
}

// links returns those of a place, or of a list's head.
func (p *parker) links(i int32) *links {
	if i < 0 {
		return &p.wheel.heads[^i]
	}
	return &p.slots[i].links
}

// unlink takes a place out of its list, if it is in one.
func (p *parker) unlink(i int32) {
	l := p.links(i)
	p.links(l.next).prev, p.links(l.prev).next = l.prev, l.next
	*l = links{i, i}
}

// link puts a place, which is in no list, at the end of one.
func (p *parker) link(i, head int32) {
	h, l := p.links(head), p.links(i)
	*l = links{next: head, prev: h.prev}
	p.links(h.prev).next = i
	h.prev = i
}

// takeAll moves what is in the list from to the end of dueNow.
func (p *parker) takeAll(from int32) {
	f, to := p.links(from), p.links(dueNow)
	if f.next == from {
		return
	}
	first, last := f.next, f.prev
	p.links(first).prev, p.links(to.prev).next = to.prev, first
	p.links(last).next, to.prev = dueNow, last
	*f = links{from, from}
}

// schedule makes the goroutine look at a place's connection at the time end, or
// earlier; the caller holds mu. now is the present, or a time shortly before.
func (p *parker) schedule(i int32, end, now int64) {
	present := max(now>>fineShift, p.wheel.swept)
	if p.next.Load() == forever {
		p.wheel.swept = present // all lists are empty
	}
	p.unlink(i)
	n := max((end-1)>>fineShift, present) + 1 // the first bucket that begins after end
	head, at := fineBucket(n), n<<fineShift
	if n-present >= buckets {
		n = min(n/buckets, present/buckets+buckets-1)
		head, at = coarseBucket(n), n<<coarseShift
	}
	p.link(i, head)
	p.slots[i].c.parked.due.Store(at)
	p.setTick(at)
}

// wantLook is schedule for c, which has begun to wait in the place i and may have
// left it by now.
func (p *parker) wantLook(c *Conn, i int32, gen uint32, end int64) {
	p.poller.mu.Lock()
	defer p.poller.mu.Unlock()
	if p.at(i, gen) == c && end < c.parked.due.Load() {
		p.schedule(i, end, clock.Mono())
	}
}

// sweep looks at connections that are due, and queues those whose timeout has
// passed. True: there are more of them, and the goroutine may see to other things
// meanwhile.
func (p *parker) sweep(now int64) (more bool) {
	p.poller.mu.Lock()
	defer p.poller.mu.Unlock()
	todo := p.links(dueNow)
	if todo.next == dueNow {
		p.collectDue(now >> fineShift)
	}
	for range sweepBatch {
		i := todo.next
		if i == dueNow {
			p.swept(now)
			return false
		}
		p.unlink(i)
		p.look(i, now)
	}
	return true
}

// collectDue takes out of the wheel what is to be looked at before the fine bucket
// present has passed.
func (p *parker) collectDue(present int64) {
	last := p.wheel.swept
	for n := max(last, present-buckets) + 1; n <= present; n++ {
		p.takeAll(fineBucket(n))
	}
	last /= buckets
	for n := max(last, present/buckets-buckets) + 1; n <= present/buckets; n++ {
		p.takeAll(coarseBucket(n))
	}
	p.wheel.swept = present
}

// look ends the wait of the connection in a place, which has been taken out of its
// list, if its timeout has passed, and puts it back otherwise.
func (p *parker) look(i int32, now int64) {
	c := p.slots[i].c
	w := &c.parked.watch
	w.due.Store(forever) // before looking: a connection that parks meanwhile is either seen or asks for a look
	if w.state.Load()&watchWaiting == 0 {
		return
	}
	if end := w.end.Load(); end > now {
		if end != forever {
			p.schedule(i, end, now)
		}
		return
	}
	if !w.leave() {
		return
	}
	why := Expired
	if end := w.end.Load(); end > now {
		// It was resumed and has parked anew between the two looks.
		if w.begin() {
			if end != forever {
				p.schedule(i, end, now)
			}
			return
		}
		why = Readable
	}
	p.resume(c, why, now)
}

// swept sets the next tick, after all that was due has been looked at.
func (p *parker) swept(now int64) {
	p.next.Store(forever) // before the trimmer looks: what parks meanwhile is either counted or asks for a tick
	next := p.nextLook()
	if at := p.poller.trim.check(now); at != 0 {
		next = min(next, at)
	}
	if next == forever {
		_ = p.file.SetReadDeadline(time.Time{})
		return
	}
	p.setTick(next)
}

// nextLook is when the first bucket begins that is not empty.
func (p *parker) nextLook() int64 {
	at, fine := forever, p.wheel.swept
	for n := fine + 1; n <= fine+buckets; n++ {
		if head := fineBucket(n); p.links(head).next != head {
			at = n << fineShift
			break
		}
	}
	coarse := fine / buckets
	for n := coarse + 1; n <= coarse+buckets; n++ {
		if head := coarseBucket(n); p.links(head).next != head {
			return min(at, n<<coarseShift)
		}
	}
	return at
}
