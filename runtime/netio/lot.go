package netio

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
)

// Event says why a parked connection was resumed.
type Event uint8

const (
	// Readable: bytes have arrived, or the end of the stream, or an error.
	Readable Event = iota
	// Expired: the timeout given to Park has passed.
	Expired
	// Drained: the server shuts down, see Lot.Drain.
	Drained
	// Evicted: it is closed to make room for another connection, see Lot.Evict.
	Evicted
	// Recalled: the configuration has changed, see Lot.Recall.
	Recalled
)

// maxEvicted is how many connections one call of Evict resumes at most, as in nginx.
const maxEvicted = 32

// evictions are the connections that have been parked for longest, the oldest first.
type evictions struct {
	all   [maxEvicted]*Conn
	since [maxEvicted]int64 // clock.Mono of their last Park
	n     int
}

// add adds c if it is among the first limit.
func (e *evictions) add(c *Conn, limit int) {
	since := c.parked.since.Load()
	i := e.n
	for i > 0 && e.since[i-1] > since {
		i--
	}
	if i >= limit {
		return
	}
	e.n = min(e.n+1, limit)
	copy(e.all[i+1:e.n], e.all[i:])
	copy(e.since[i+1:e.n], e.since[i:])
	e.all[i], e.since[i] = c, since
}

// share returns those that are among the limit oldest when connections that are
// not parked and have waited since the times others, in order, count as well.
func (e *evictions) share(limit int, others []int64) []*Conn {
	n := 0
	for j := 0; n < e.n && n+j < limit; {
		if j < len(others) && others[j] < e.since[n] {
			j++
		} else {
			n++
		}
	}
	return e.all[:n]
}

// String names the event for logs and tests.
func (e Event) String() string {
	switch e {
	case Readable:
		return "readable"
	case Expired:
		return "expired"
	case Drained:
		return "drained"
	case Evicted:
		return "evicted"
	case Recalled:
		return "recalled"
	}
	return "unknown"
}

// parking is a Conn's side of the idle poller.
type parking struct {
	watch
	resume      func(*Conn, Event)
	since       atomic.Int64 // clock.Mono of the last Park
	until       int64        // clock.Mono of the end of that wait
	seenRecalls uint32       // Lot.recalls at the last SeenRecalls
	why         Event
	used        bool   // it was resumed to be used
	counted     bool   // for trimmer.counts
	run         func() // Conn.resume, bound once
}

func (p *parking) reset() {
	p.watch.reset()
	p.resume, p.seenRecalls, p.used, p.counted = nil, 0, false, false
}

// resume is the body of the goroutine that a parked connection wakes up on.
func (c *Conn) resume() { c.parked.resume(c, c.parked.why) }

// ParkedAt is the clock.Mono of the last Park.
func (c *Conn) ParkedAt() int64 { return c.parked.since.Load() }

// ResumedAt is the clock.Mono at which the last parking ended: when what came
// was noticed, which may be a little before resume runs.
func (c *Conn) ResumedAt() int64 { return c.parked.until }

// Drained tells whether the last read found that nothing more was there. A
// connection that is not Drained is better read than parked.
func (c *Conn) Drained() bool { return c.drained }

// SeenRecalls is called before c's owner looks at the configuration. A Recall from
// then on ends c's wait, also one that begins later.
func (c *Conn) SeenRecalls(l *Lot) { c.parked.seenRecalls = l.recalls.Load() }

// resumed notes why the wait is over.
func (p *parking) resumed(why Event, now int64) {
	p.why, p.until = why, now
	p.used = p.used || why == Readable
}

// wake resumes the connection on a goroutine of its own.
func (l *Lot) wake(c *Conn, why Event) {
	c.parked.resumed(why, clock.Mono())
	l.start(c.parked.run)
}

// start runs fn on another goroutine.
func (l *Lot) start(fn func()) {
	if l.spawn != nil {
		l.spawn(fn)
		return
	}
	go fn()
}

// Lot is the idle poller: keep-alive connections wait in it without a goroutine, a
// stack or a buffer of their own. On Linux they wait in an epoll instance of the Lot,
// elsewhere in a goroutine each.
//
//	lot, err := netio.NewLot(netio.LotOptions{})
//	...
//	if err := c.Park(lot, keepaliveTimeout, h.resumed); err != nil { ... }
//	return // the goroutine ends here; h.resumed(c, why) runs on a fresh one
//
// Park hands the Conn over: from the call on the caller must not touch it, and
// the function given to it owns it. Where ParkBetweenRequests is false, parking
// is worth it after some idle time only (half a second, say): a busy
// connection's goroutine is cheaper to wake.
type Lot struct {
	trim    trimmer
	spawn   func(func())
	recalls atomic.Uint32 // how often Recall was called
	drain   atomic.Bool   // Park lets go at once
	mu      sync.Mutex    // guards closed, and the parker's
	closed  bool
	parker
}

// Evict resumes the parked connections that are among the n (at most 32) that have
// waited for longest, with Evicted, and returns how many. others are the
// clock.Mono since which connections that are not parked wait, in order; they count
// among the n as well.
func (l *Lot) Evict(n int, others []int64) (evicted int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var next evictions
	n = min(n, maxEvicted)
	l.each(func(c *Conn) { next.add(c, n) })
	for _, c := range next.share(n, others) {
		if l.expel(c, Evicted) {
			evicted++
		}
	}
	return evicted
}

// Drain resumes all parked connections with Drained, and those that park from now
// on: a shutdown, after which no connection is to be kept alive.
func (l *Lot) Drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drain.Store(true)
	l.each(func(c *Conn) { l.expel(c, Drained) })
}

// Reopen undoes Drain: connections may park again.
func (l *Lot) Reopen() { l.drain.Store(false) }

// Recall resumes all parked connections with Recalled, since the configuration has
// changed, and those that park later without having called SeenRecalls since.
func (l *Lot) Recall() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recalls.Add(1)
	l.recallAll()
}

// Len is how many connections are parked.
func (l *Lot) Len() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.each(func(*Conn) { n++ })
	return n
}

// Close drains the idle poller and waits for its goroutines (not for those of the
// connections it resumed). From then on Park fails, or resumes with Drained where
// the idle poller had watched the Conn before.
func (l *Lot) Close() error {
	l.Drain()
	l.mu.Lock()
	was := l.closed
	l.closed = true
	l.mu.Unlock()
	if was {
		return ErrClosed
	}
	err := l.end()
	l.trim.wg.Wait()
	return err
}

// LotOptions are the settings of a Lot; zero fields take the defaults.
type LotOptions struct {
	// TrimAfter is how many connections must have parked before memory is
	// given back to the system; default 200, negative never.
	TrimAfter int
	// TrimEvery is the shortest time between two such turns; default 5 s.
	TrimEvery time.Duration
	// Spawn runs what resumes a connection on another goroutine and must not
	// block; nil starts a goroutine each time.
	Spawn func(run func())
}

// trimmer returns memory to the system once a burst of connections has become idle:
// the stacks and buffers that they used are free, but still resident.
type trimmer struct {
	after int64
	every int64 // nanoseconds

	parks   atomic.Int64 // since the last turn
	from    atomic.Int64 // Mono before which there is no next turn: a second after it became due
	running atomic.Bool
	last    int64 // Mono of the last turn; only the idle poller's goroutine
	free    func()
	wg      sync.WaitGroup
}

func (t *trimmer) init(o LotOptions) {
	t.after, t.every = int64(o.TrimAfter), int64(o.TrimEvery)
	if t.after == 0 {
		t.after = 200
	}
	if t.every == 0 {
		t.every = int64(5 * time.Second)
	}
	t.free = debug.FreeOSMemory
}

// counts notes a connection that parks for the first time after it was in use,
// and tells whether a trim is due by it. One that waits for its first request
// has left no memory behind.
func (t *trimmer) counts(c *Conn) bool {
	if c.parked.counted || !c.parked.used && !c.registered.Load() {
		return false
	}
	c.parked.counted = true
	return t.parks.Add(1) == t.after
}

// soon returns when memory is given back at the earliest, which is due since the
// time now: the connections that have just parked are yet to leave what they used.
func (t *trimmer) soon(now int64) int64 {
	at := now + int64(time.Second)
	t.from.Store(at)
	return at
}

// check runs at the lot's ticks. It returns when it wants to be asked again (0:
// not before the next count says so).
func (t *trimmer) check(now int64) int64 {
	if t.after < 0 || t.parks.Load() < t.after {
		return 0
	}
	if at := t.from.Load(); now < at {
		return at
	}
	if t.last != 0 && now < t.last+t.every {
		return t.last + t.every
	}
	if !t.running.CompareAndSwap(false, true) {
		return now + t.every
	}
	t.last = now
	t.parks.Store(0)
	t.wg.Add(1)
	go t.turn()
	return 0
}

// turn collects garbage and returns the freed memory to the system. It does not run
// on the idle poller's goroutine, which goes on resuming connections.
func (t *trimmer) turn() {
	defer t.wg.Done()
	t.free()
	t.running.Store(false)
}
