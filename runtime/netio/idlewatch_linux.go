package netio

import (
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// slot is one watched connection, or a free place.
type slot struct {
	c   *Conn
	gen uint32
	links
}

// watch is a Conn's registration with an idle poller and the state of its wait.
type watch struct {
	poller *IdlePoller // that watches the descriptor; nil: none. Changed with Conn.registry held
	state  atomic.Uint32
	slot   int32 // in poller
	gen    uint32
	part   bool         // it is watched for the end of the stream alone
	end    atomic.Int64 // when the wait that is under way ends; forever: never
	due    atomic.Int64 // when the idle poller looks whether it has ended; forever: it does not. Changed with the idle poller's mu held

	hangup func()                 // of OnHangup; guarded by the idle poller's mu
	stream atomic.Pointer[stream] // that is under way; nil: none
	goroutineWait
}

// The bits of watch.state. A report of the idle poller either ends a wait or is kept
// for the next one.
const (
	watchWaiting  = 1 << iota // parked
	watchReported             // something came since the last read began
	watchHungUp               // the peer has ended its side, or there is an error: no further report will say so
)

func (w *watch) reset() {
	w.poller, w.part, w.hangup = nil, false, nil
	w.state.Store(0)
	w.stream.Store(nil)
	w.waits.Store(false)
	w.busy.Store(false)
}

// watched tells whether an idle poller watches the descriptor for bytes.
func (w *watch) watched() bool { return w.poller != nil && !w.part }

// watchedBy tells whether pl watches the descriptor for bytes.
func (w *watch) watchedBy(pl *IdlePoller) bool { return w.poller == pl && !w.part }

// idle tells whether the Conn is parked and has nothing under way: neither a Stream nor a read
// waits, nor was it parked busy.
func (w *watch) idle() bool {
	return w.state.Load()&watchWaiting != 0 && !w.streams() && !w.waits.Load() && !w.busy.Load()
}

// seen notes a report: true when it ends a wait.
func (w *watch) seen(hungUp bool) bool {
	for {
		old := w.state.Load()
		now := old | watchReported
		if hungUp {
			now |= watchHungUp
		}
		if now &^= watchWaiting; w.state.CompareAndSwap(old, now) {
			return old&watchWaiting != 0
		}
	}
}

// leave ends a wait for another reason: false when there is none.
func (w *watch) leave() bool {
	for {
		old := w.state.Load()
		if old&watchWaiting == 0 {
			return false
		}
		if w.state.CompareAndSwap(old, old&^watchWaiting) {
			return true
		}
	}
}

// begin starts a wait, unless something has been reported since the last read
// began.
func (w *watch) begin() bool {
	for {
		old := w.state.Load()
		if old&(watchReported|watchHungUp) != 0 {
			return false
		}
		if w.state.CompareAndSwap(old, old|watchWaiting) {
			return true
		}
	}
}

// reading is called before the socket is read: what was reported until now is
// there to be read.
func (w *watch) reading() {
	if w.state.Load()&watchReported != 0 {
		w.state.And(^uint32(watchReported))
	}
}

// What an idle poller watches a descriptor for: all that ends a parked connection's wait,
// or what ends the connection, which costs nothing while bytes come.
const (
	watchAll = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET
	watchEnd = unix.EPOLLRDHUP | unix.EPOLLET
)

// OnHangup makes fn be called when the peer has ended its side of the connection,
// or that has failed, until c is closed. fn runs on the idle poller's goroutine or the
// caller's, must not block, and may be called without reason and more than once.
// It costs a system call where the idle poller does not watch c yet; it watches every
// connection that has parked. False: the idle poller cannot watch c.
func (c *Conn) OnHangup(pl *IdlePoller, fn func()) bool {
	w := &c.parked.watch
	if w.poller != pl {
		if c.watch(pl, watchEnd) != nil {
			return false
		}
	}
	if w.hangup == nil {
		pl.mu.Lock()
		w.hangup = fn
		pl.mu.Unlock()
	}
	if w.state.Load()&watchHungUp != 0 {
		fn()
	}
	return true
}

// WatchEnd makes pl watch c for its end alone, so that a goroutine may read from c
// while another asks for OnHangup.
func (c *Conn) WatchEnd(pl *IdlePoller) error {
	w := &c.parked.watch
	if w.poller != nil && w.part {
		return nil
	}
	fn := w.hangup
	if err := c.watch(pl, watchEnd); err != nil {
		return err
	}
	pl.mu.Lock()
	w.hangup = fn
	pl.mu.Unlock()
	return nil
}

// watch makes pl watch the descriptor. What is there already is reported, too.
func (c *Conn) watch(pl *IdlePoller, mask uint32) error {
	c.unwatch()
	c.registry.Lock()
	defer c.registry.Unlock()
	if c.closed.Load() {
		return ErrClosed
	}
	w := &c.parked.watch
	w.state.Store(0)
	pl.mu.Lock()
	defer pl.mu.Unlock()
	if pl.closed {
		return ErrClosed
	}
	w.slot, w.gen = pl.place(c)
	if e := raw.EpollSet(pl.ep, unix.EPOLL_CTL_ADD, c.fd, mask, uint64(w.gen)<<32|uint64(uint32(w.slot))); e != 0 {
		pl.vacate(w.slot, w.gen)
		return e
	}
	w.poller, w.part = pl, mask == watchEnd
	if end := w.end.Load(); !w.part && end != forever {
		pl.schedule(w.slot, end, c.parked.since.Load())
	}
	return nil
}

// unwatch takes the descriptor from the idle poller that watches it: when it is going to
// wait in the runtime's poller, two would wake up for every byte.
func (c *Conn) unwatch() {
	w := &c.parked.watch
	pl := w.poller
	if pl == nil {
		return
	}
	c.registry.Lock()
	defer c.registry.Unlock()
	pl.mu.Lock()
	defer pl.mu.Unlock()
	pl.vacate(w.slot, w.gen)
	w.poller, w.hangup = nil, nil
	if !c.closed.Load() {
		_ = raw.EpollSet(pl.ep, unix.EPOLL_CTL_DEL, c.fd, 0, 0)
	}
}

// unwatchClosed gives up the place of a descriptor that is about to be closed;
// the caller holds c.registry.
func (c *Conn) unwatchClosed() {
	w := &c.parked.watch
	if pl := w.poller; pl != nil {
		pl.mu.Lock()
		pl.vacate(w.slot, w.gen)
		pl.mu.Unlock()
	}
}

// place finds a slot; the caller holds mu.
func (p *parker) place(c *Conn) (int32, uint32) {
	var i int32
	if n := len(p.free); n > 0 {
		i, p.free = p.free[n-1], p.free[:n-1]
	} else {
		i = int32(len(p.slots))
		p.slots = append(p.slots, slot{})
	}
	p.gen++
	p.slots[i] = slot{c: c, gen: p.gen, links: links{i, i}}
	c.parked.due.Store(forever)
	return i, p.gen
}

// vacate frees a slot, unless that has been done; the caller holds mu.
func (p *parker) vacate(i int32, gen uint32) {
	if c := p.at(i, gen); c == nil {
		return
	}
	p.unlink(i)
	p.slots[i].c = nil
	p.free = append(p.free, i)
	if len(p.free) == len(p.slots) && len(p.slots) > 1024 {
		p.slots, p.free = nil, nil // many connections have left
	}
}

// at returns the connection in a slot, nil if another one is there by now; the
// caller holds mu.
func (p *parker) at(i int32, gen uint32) *Conn {
	if int(i) >= len(p.slots) || p.slots[i].gen != gen {
		return nil
	}
	return p.slots[i].c
}
