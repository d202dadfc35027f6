package front

import (
	"errors"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
)

// reusableQueue holds the connections whose goroutine waits for bytes that may never
// come: a PROXY header, a TLS handshake, the request after it, the rest of a TLS
// record, the end of a lingering close. When worker_connections are nearly used up,
// the oldest of them are closed, as are parked connections: nginx's reusable
// connections.
type reusableQueue struct {
	mu          sync.Mutex
	first, last *Conn // in the order in which they began to wait, linked by Conn.reusableNext and reusablePrev
}

// ErrEvicted ends a connection that was closed to make room for another one.
var ErrEvicted = errors.New("evicted")

// SetReusable lets the connection be closed to make room for others, until
// ClearReusable: it begins a wait that may be long.
func (c *Conn) SetReusable() {
	// The runtime's poller has to know the socket, so that another goroutine may end
	// the wait.
	if c.in.connLimit.limit.Load() <= 0 || !c.nc.Registered() && c.nc.Share() != nil {
		return
	}
	l := &c.in.reusable
	l.mu.Lock()
	defer l.mu.Unlock()
	c.markedReusable, c.isReusable, c.reusableSince = true, true, clock.Mono()
	c.reusablePrev = l.last
	if l.last != nil {
		l.last.reusableNext = c
	} else {
		l.first = c
	}
	l.last = c
}

// SetReusableIfScarce is SetReusable for a wait that is likely to be short: it does
// nothing while nearLimit is false.
func (c *Conn) SetReusableIfScarce() {
	if c.in.nearLimit() {
		c.SetReusable()
	}
}

// ClearReusable undoes SetReusable. False: the connection has been evicted.
func (c *Conn) ClearReusable() bool {
	if !c.markedReusable {
		return true
	}
	c.markedReusable = false
	l := &c.in.reusable
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.isReusable {
		l.remove(c)
	}
	return !c.evicted.Load()
}

// UndoEviction keeps a connection whose request came just before its eviction.
func (c *Conn) UndoEviction() {
	c.evicted.Store(false)
	c.in.connLimit.leaving.Add(-1)
	_ = c.nc.SetDeadline(time.Time{}) // it is open
}

// remove takes c out; the caller holds mu.
func (l *reusableQueue) remove(c *Conn) {
	if c.reusablePrev != nil {
		c.reusablePrev.reusableNext = c.reusableNext
	} else {
		l.first = c.reusableNext
	}
	if c.reusableNext != nil {
		c.reusableNext.reusablePrev = c.reusablePrev
	} else {
		l.last = c.reusablePrev
	}
	c.isReusable, c.reusablePrev, c.reusableNext = false, nil, nil
}

// since returns the times at which the first n began to wait.
func (l *reusableQueue) since(n int) (since []int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := l.first; c != nil && len(since) < n; c = c.reusableNext {
		since = append(since, c.reusableSince)
	}
	return since
}

// evict ends the waits of up to n connections, the oldest first, and returns how
// many.
func (l *reusableQueue) evict(n int) (evicted int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ; evicted < n && l.first != nil; evicted++ {
		c := l.first
		l.remove(c)
		c.evicted.Store(true)
		_ = c.nc.SetDeadline(clock.MonoTime(clock.Mono() - int64(time.Second))) // it is open: ClearReusable waits for mu
	}
	return evicted
}

// Evicted reports whether the connection is to close to make room for another one.
func (c *Conn) Evicted() bool { return c.evicted.Load() }

// Evict marks a parked connection as evicted: its Poller has ended the wait with
// netio.Evicted.
func (c *Conn) Evict() { c.evicted.Store(true) }
