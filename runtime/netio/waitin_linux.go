package netio

import (
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/clock"
)

// goroutineWait is the part of watch for reads that wait, see Conn.WaitIn. A Conn that waits so is
// parked, but not idle: neither Drain, Evict nor Recall end its wait.
type goroutineWait struct {
	waits atomic.Bool // the wait that is under way, or was last, is a read's
	busy  atomic.Bool // ... or that of ParkBusy
	woken chan Event  // has room for one: who ends a wait sends why
}

// WaitIn makes reads of c that wait do so in pl from now on, if c has not waited for anything yet and pl takes it: that costs
// fewer system calls than a place in the runtime's poller, and no memory of its own. It is for a Conn that Connect has
// connected. Until Release only the owner may close c, while nobody reads; any goroutine may call Interrupt and set deadlines.
// The end of a timeout or a deadline is noticed up to 17 ms late.
func (c *Conn) WaitIn(pl *IdlePoller) {
	if pl == nil || c.registered.Load() {
		return
	}
	if c.parked.woken == nil {
		c.parked.woken = make(chan Event, 1)
	}
	c.parked.end.Store(forever)
	if c.watch(pl, watchAll) == nil {
		c.rd.poller.Store(pl)
	}
}

// LeaveWaitIn undoes WaitIn while nobody reads. A Conn that waits often does so in the runtime's poller for less.
func (c *Conn) LeaveWaitIn() error {
	if c.rd.poller.Load() == nil {
		return nil
	}
	c.unwatch()
	return c.rd.leavePoller()
}

// readIn is pollRead for a Conn whose reads wait in pl.
func (c *Conn) readIn(pl *IdlePoller) (int, error) {
	w := &c.parked.watch
	if !w.watchedBy(pl) {
		w.end.Store(forever)
		if c.watch(pl, watchAll) != nil {
			return c.leaveWaitIn()
		}
	}
	if c.rd.over() {
		return 0, ErrTimeout
	}
	for hungUp := false; !c.tryRead(uintptr(c.fd)); {
		why, waited := c.await(pl)
		if why == Drained {
			return c.leaveWaitIn()
		}
		if !waited && w.state.Load()&watchHungUp != 0 {
			if hungUp { // by an error that somebody has taken off the socket: pl does not wait for more
				return c.leaveWaitIn()
			}
			hungUp = true
		}
		if c.rd.over() || why == Expired && clock.Mono() >= c.rd.until {
			return 0, ErrTimeout
		}
	}
	return c.readDone()
}

// await waits for a report, for the end of the timeout or the deadline (Expired), for the end of
// the idle poller (Drained), or for a change of the deadline. It may return without a reason. waited
// is false where something had been reported before.
func (c *Conn) await(pl *IdlePoller) (why Event, waited bool) {
	w := &c.parked.watch
	end := c.rd.end()
	w.end.Store(end)
	if !w.waits.Load() {
		w.waits.Store(true)
	}
	place, gen := w.slot, w.gen
	if !w.begin() {
		return Readable, false
	}
	switch { // what came before begin has not ended the wait; look may have taken the wait for a moment
	case pl.ended.Load():
		if w.interrupt() {
			return Drained, true
		}
	case c.rd.end() < end:
		if w.interrupt() {
			return Readable, true
		}
	case end < w.due.Load():
		pl.wantLook(c, place, gen, end)
	}
	return <-w.woken, true
}

// endWait ends the wait of a read in an idle poller, which looks at the deadline again.
func (c *Conn) endWait() {
	if pl := c.rd.poller.Load(); pl != nil && !c.parked.streams() && c.parked.interrupt() {
		pl.wake(c, Readable)
	}
}

// wakeReader resumes a read whose wait the caller has ended. False: it was no read that waited.
func (w *watch) wakeReader(why Event) bool {
	if !w.waits.Load() {
		return false
	}
	w.woken <- why
	return true
}

// leaveWaitIn goes on with c.read in the runtime's poller, as do all reads to come.
func (c *Conn) leaveWaitIn() (int, error) {
	if err := c.LeaveWaitIn(); err != nil {
		return 0, err
	}
	if c.rd.until != 0 { // the wait goes on
		c.rd.arm()
	}
	return c.pollOn()
}

// leavePoller makes the runtime's timer see to the deadline again.
func (h *half) leavePoller() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.poller.Store(nil)
	if at := h.deadline.Load(); at != 0 {
		return h.set(at)
	}
	return nil
}

// leaveReads has reads that wait in an idle poller that is closed go on elsewhere; the caller
// holds mu.
func (p *parker) leaveReads() {
	p.ended.Store(true)
	for i := range p.slots {
		if c := p.slots[i].c; c != nil && c.parked.waits.Load() && c.parked.leave() {
			p.poller.wake(c, Drained)
		}
	}
}
