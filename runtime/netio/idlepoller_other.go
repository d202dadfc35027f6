//go:build unix && !linux

package netio

import (
	"errors"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
)

// parker is the portable way of parking: a goroutine per connection that waits.
type parker struct {
	parked map[*Conn]struct{} // guarded by the idle poller's mu
	wg     sync.WaitGroup
}

// ParkBetweenRequests tells whether a connection does best to park as soon as
// it has nothing to do. Here a parked connection needs a goroutine of its own.
const ParkBetweenRequests = false

// watch is what the idle poller knows of a Conn: here the timeout of the last Park.
type watch struct{ timeout time.Duration }

func (*watch) reset()          {}
func (*watch) reading()        {}
func (*watch) watched() bool   { return false }
func (*watch) streams() bool   { return false }
func (c *Conn) unwatch()       {}
func (c *Conn) unwatchClosed() {}

// stream returns false: a Stream waits in a goroutine.
func (*Conn) stream(*IdlePoller, *buf.Pool, func(*buf.Buf, int) *buf.Pool, func(error)) bool {
	return false
}

// unregister has nothing to do here.
func (*Conn) unregister() {}

// WaitIn has no effect: reads wait in the runtime's poller.
func (*Conn) WaitIn(*IdlePoller) {}

// LeaveWaitIn has nothing to do here.
func (*Conn) LeaveWaitIn() error { return nil }

// readIn is not called.
func (c *Conn) readIn(*IdlePoller) (int, error) { return c.readDone() }

func (*Conn) endWait()               {}
func (*Conn) silent() bool           { return false }
func (*watch) wakeReader(Event) bool { return false }

// overStream has nothing to do here.
func (*Conn) overStream() {}

// OnHangup returns false: the system has no way to watch for a hangup alone.
func (c *Conn) OnHangup(*IdlePoller, func()) bool { return false }

// WatchEnd has nothing to do here.
func (c *Conn) WatchEnd(*IdlePoller) error { return nil }

// NewIdlePoller makes an idle poller; Close ends it.
func NewIdlePoller(o IdlePollerOptions) (*IdlePoller, error) {
	pl := new(IdlePoller)
	pl.trim.init(o)
	pl.spawn = o.Spawn
	pl.parked = make(map[*Conn]struct{})
	return pl, nil
}

// Park hands the connection to the idle poller; resume is called once, on a goroutine
// of its own, when something arrives, when timeout has passed (0: never) or
// when the idle poller is drained. On error (ErrClosed: the idle poller or the Conn is closed)
// the Conn stays the caller's.
func (c *Conn) Park(pl *IdlePoller, timeout time.Duration, resume func(*Conn, Event)) error {
	c.parked.resume = resume
	c.parked.since.Store(clock.Mono())
	c.parked.timeout = timeout
	return c.park(pl, timeout)
}

// ParkAgain parks for what is left of the last Park's timeout, to be resumed in
// the same way.
func (c *Conn) ParkAgain(pl *IdlePoller) error {
	left := c.parked.timeout
	if left > 0 {
		left = max(left-time.Duration(clock.Mono()-c.parked.since.Load()), 1)
	}
	return c.park(pl, left)
}

// ParkBusy is Park without a timeout for a connection that has work under way, of which another
// goroutine may write meanwhile: neither Drain, Evict nor Recall end its wait.
func (c *Conn) ParkBusy(pl *IdlePoller, resume func(*Conn, Event)) error {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	if pl.closed || c.closed.Load() {
		return ErrClosed
	}
	c.parked.resume = resume
	c.parked.since.Store(clock.Mono())
	pl.wg.Go(func() { pl.waitBusy(c) })
	return nil
}

// waitBusy is the goroutine of a connection that was parked busy.
func (pl *IdlePoller) waitBusy(c *Conn) {
	old := c.rd.timeout.get()
	c.rd.timeout.set(0)
	_ = c.WaitReadable() // what it ends with shows when c is read
	c.rd.timeout.set(old)
	_ = c.rd.setDeadline(time.Time{})
	c.parked.resumed(Readable, clock.Mono())
	pl.start(c.parked.run)
}

// Unpark ends the wait of a parked Conn: the function given to Park has it, or is about to.
func (c *Conn) Unpark() bool {
	_ = c.rd.setDeadline(past)
	return false
}

func (c *Conn) park(pl *IdlePoller, timeout time.Duration) error {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	if pl.closed || c.closed.Load() {
		return ErrClosed
	}
	if pl.drain.Load() {
		pl.wake(c, Drained)
		return nil
	}
	if c.parked.seenRecalls != pl.recalls.Load() {
		pl.wake(c, Recalled)
		return nil
	}
	pl.parked[c] = struct{}{}
	pl.wg.Add(1)
	go pl.wait(c, timeout)
	if pl.trim.counts(c) {
		pl.trim.check(clock.Mono())
	}
	return nil
}

// wait is the parked connection's goroutine.
func (pl *IdlePoller) wait(c *Conn, timeout time.Duration) {
	old := c.rd.timeout.get()
	c.rd.timeout.set(timeout)
	err := c.WaitReadable()
	c.rd.timeout.set(old)
	why := Readable
	if errors.Is(err, ErrTimeout) {
		why = Expired
	}
	pl.mu.Lock()
	if _, ok := pl.parked[c]; !ok {
		why = c.parked.why
		_ = c.rd.setDeadline(time.Time{})
	}
	delete(pl.parked, c)
	pl.mu.Unlock()
	pl.wg.Done()
	c.parked.resumed(why, clock.Mono())
	c.resume()
}

// each calls fn for each parked connection, which fn may expel; the caller holds mu.
func (p *parker) each(fn func(*Conn)) {
	for c := range p.parked {
		fn(c)
	}
}

// expel ends c's wait; the caller holds mu.
func (p *parker) expel(c *Conn, why Event) bool {
	c.parked.why = why
	delete(p.parked, c)
	_ = c.rd.setDeadline(past)
	return true
}

// recallAll resumes all parked connections with Recalled; the caller holds mu.
func (p *parker) recallAll() { p.each(func(c *Conn) { p.expel(c, Recalled) }) }

// end waits for the goroutines of an idle poller that is drained and closed.
func (p *parker) end() error {
	p.wg.Wait()
	return nil
}
