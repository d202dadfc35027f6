package netio

import (
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
	// Drained: the server shuts down, see IdlePoller.Drain.
	Drained
	// Evicted: it is closed to make room for another connection, see IdlePoller.Evict.
	Evicted
	// Recalled: the configuration has changed, see IdlePoller.Recall.
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
	seenRecalls uint32       // IdlePoller.recalls at the last SeenRecalls
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
func (c *Conn) SeenRecalls(pl *IdlePoller) { c.parked.seenRecalls = pl.recalls.Load() }

// resumed notes why the wait is over.
func (p *parking) resumed(why Event, now int64) {
	p.why, p.until = why, now
	p.used = p.used || why == Readable
}

// wake resumes the connection on a goroutine of its own, or who reads from it.
func (pl *IdlePoller) wake(c *Conn, why Event) {
	if c.parked.wakeReader(why) {
		return
	}
	c.parked.resumed(why, clock.Mono())
	pl.start(c.parked.run)
}

// start runs fn on another goroutine.
func (pl *IdlePoller) start(fn func()) {
	if pl.spawn != nil {
		pl.spawn(fn)
		return
	}
	go fn()
}

// IdlePoller is the idle poller: keep-alive connections wait in it without a goroutine, a
// stack or a buffer of their own. On Linux they wait in an epoll instance of the IdlePoller,
// elsewhere in a goroutine each.
//
//	poller, err := netio.NewIdlePoller(netio.IdlePollerOptions{})
//	...
//	if err := c.Park(poller, keepaliveTimeout, h.resumed); err != nil { ... }
//	return // the goroutine ends here; h.resumed(c, why) runs on a fresh one
//
// Park hands the Conn over: from the call on the caller must not touch it, and
// the function given to it owns it. Where ParkBetweenRequests is false, parking
// is worth it after some idle time only (half a second, say): a busy
// connection's goroutine is cheaper to wake.
type IdlePoller struct {
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
func (pl *IdlePoller) Evict(n int, others []int64) (evicted int) {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	var next evictions
	n = min(n, maxEvicted)
	pl.each(func(c *Conn) { next.add(c, n) })
	for _, c := range next.share(n, others) {
		if pl.expel(c, Evicted) {
			evicted++
		}
	}
	return evicted
}

// Drain resumes all parked connections with Drained, and those that park from now
// on: a shutdown, after which no connection is to be kept alive.
func (pl *IdlePoller) Drain() {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	pl.drain.Store(true)
	pl.each(func(c *Conn) { pl.expel(c, Drained) })
}

// Reopen undoes Drain: connections may park again.
func (pl *IdlePoller) Reopen() { pl.drain.Store(false) }

// Recall resumes all parked connections with Recalled, since the configuration has
// changed, and those that park later without having called SeenRecalls since.
func (pl *IdlePoller) Recall() {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	pl.recalls.Add(1)
	pl.recallAll()
}

// Len is how many connections are parked.
func (pl *IdlePoller) Len() (n int) {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	pl.each(func(*Conn) { n++ })
	return n
}

// Close drains the idle poller and waits for its goroutines (not for those of the
// connections it resumed). From then on Park fails, or resumes with Drained where
// the idle poller had watched the Conn before.
func (pl *IdlePoller) Close() error {
	pl.Drain()
	pl.mu.Lock()
	was := pl.closed
	pl.closed = true
	pl.mu.Unlock()
	if was {
		return ErrClosed
	}
	err := pl.end()
	pl.trim.wg.Wait()
	return err
}

// IdlePollerOptions are the settings of an IdlePoller; zero fields take the defaults.
type IdlePollerOptions struct {
	// TrimAfter is how many connections must have parked before memory is
	// given back to the system; default 200, negative never.
	TrimAfter int
	// TrimEvery is the shortest time between two trims; default 5 s.
	TrimEvery time.Duration
	// Spawn runs what resumes a connection on another goroutine and must not
	// block; nil starts a goroutine each time.
	Spawn func(run func())
}
