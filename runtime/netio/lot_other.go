//go:build unix && !linux

package netio

import (
	"errors"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
)

// parker is the portable way of parking: a goroutine per connection that waits.
type parker struct {
	mu     sync.Mutex
	parked map[*Conn]struct{}
	drain  bool
	closed bool
	wg     sync.WaitGroup
}

// ParkBetweenRequests tells whether a connection does best to park as soon as
// it has nothing to do. Here a parked connection needs a goroutine of its own.
const ParkBetweenRequests = false

// watch is what the lot knows of a Conn: here the timeout of the last Park.
type watch struct{ timeout time.Duration }

func (*watch) reset()          {}
func (*watch) reading()        {}
func (*watch) watched() bool   { return false }
func (c *Conn) unwatch()       {}
func (c *Conn) unwatchClosed() {}

// OnHangup returns false: the system has no way to watch for a hangup alone.
func (c *Conn) OnHangup(*Lot, func()) bool { return false }

// WatchEnd has nothing to do here.
func (c *Conn) WatchEnd(*Lot) error { return nil }

// NewLot makes a lot; Close ends it.
func NewLot(o LotOptions) (*Lot, error) {
	l := new(Lot)
	l.trim.init(o)
	l.spawn = o.Spawn
	l.parked = make(map[*Conn]struct{})
	return l, nil
}

// Park hands the connection to the lot; resume is called once, on a goroutine
// of its own, when something arrives, when timeout has passed (0: never) or
// when the lot is drained. On error (ErrClosed: the lot or the Conn is closed)
// the Conn stays the caller's.
func (c *Conn) Park(l *Lot, timeout time.Duration, resume func(*Conn, Event)) error {
	c.parked.resume = resume
	c.parked.since.Store(clock.Mono())
	c.parked.timeout = timeout
	return c.park(l, timeout)
}

// ParkAgain parks for what is left of the last Park's timeout, to be resumed in
// the same way.
func (c *Conn) ParkAgain(l *Lot) error {
	left := c.parked.timeout
	if left > 0 {
		left = max(left-time.Duration(clock.Mono()-c.parked.since.Load()), 1)
	}
	return c.park(l, left)
}

// Unpark returns false: the goroutine that waits for c keeps it.
func (c *Conn) Unpark() bool { return false }

func (c *Conn) park(l *Lot, timeout time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || c.closed.Load() {
		return ErrClosed
	}
	if l.drain {
		l.wake(c, Drained)
		return nil
	}
	if c.parked.seenRecalls != l.recalls.Load() {
		l.wake(c, Recalled)
		return nil
	}
	l.parked[c] = struct{}{}
	l.wg.Add(1)
	go l.wait(c, timeout)
	if l.trim.counts(c) {
		l.trim.check(clock.Mono())
	}
	return nil
}

// wait is the parked connection's goroutine.
func (l *Lot) wait(c *Conn, timeout time.Duration) {
	old := c.rd.timeout
	c.rd.timeout = timeout
	err := c.WaitReadable()
	c.rd.timeout = old
	why := Readable
	if errors.Is(err, ErrTimeout) {
		why = Expired
	}
	l.mu.Lock()
	if _, ok := l.parked[c]; !ok {
		why = c.parked.why
		_ = c.rd.setDeadline(time.Time{})
	}
	delete(l.parked, c)
	l.mu.Unlock()
	l.wg.Done()
	c.parked.resumed(why, clock.Mono())
	c.resume()
}

// Drain resumes all parked connections with Drained, and those that park from now
// on: a shutdown, after which no connection is to be kept alive.
func (l *Lot) Drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drain = true
	l.expelAll(Drained)
}

// Recall resumes all parked connections with Recalled, since the configuration has
// changed, and those that park later without having called SeenRecalls since.
func (l *Lot) Recall() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recalls.Add(1)
	l.expelAll(Recalled)
}

// expelAll ends the waits of all parked connections; the caller holds mu.
func (l *Lot) expelAll(why Event) {
	for c := range l.parked {
		l.expel(c, why)
	}
}

// expel ends c's wait; the caller holds mu.
func (l *Lot) expel(c *Conn, why Event) {
	c.parked.why = why
	delete(l.parked, c)
	_ = c.rd.setDeadline(clock.MonoTime(clock.Mono() - int64(time.Second)))
}

// Evict resumes the parked connections that are among the n (at most 32) that have
// waited for longest, with Evicted, and returns how many. others are the
// clock.Mono since which connections that are not parked wait, in order; they count
// among the n as well.
func (l *Lot) Evict(n int, others []int64) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	var next evictions
	n = min(n, maxEvicted)
	for c := range l.parked {
		next.add(c, n)
	}
	all := next.share(n, others)
	for _, c := range all {
		l.expel(c, Evicted)
	}
	return len(all)
}

// Reopen undoes Drain: connections may park again.
func (l *Lot) Reopen() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drain = false
}

// Len is how many connections are parked.
func (l *Lot) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.parked)
}

// Close drains the lot and waits for its goroutines (not for those of the
// connections it resumed). Park fails from then on.
func (l *Lot) Close() error {
	l.Drain()
	l.mu.Lock()
	was := l.closed
	l.closed = true
	l.mu.Unlock()
	if was {
		return ErrClosed
	}
	l.wg.Wait()
	l.trim.wg.Wait()
	return nil
}
