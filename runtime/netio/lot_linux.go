package netio

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// ParkBetweenRequests tells whether a connection does best to park as soon as
// it has nothing to do. Here it does: a parked connection costs no futile read,
// and waking it up is no dearer than waking a goroutine.
const ParkBetweenRequests = true

// parker is Linux's way of parking: an epoll instance of the lot's own. The
// instance itself waits in the runtime's poller, so nothing polls and no thread
// is held.
//
// A descriptor is watched edge-triggered from its first parking on, so parking
// again takes no system call. A report names a slot and its generation; one for
// a Conn that is closed or has left finds another generation and is dropped.
type parker struct {
	lot  *Lot
	file *os.File
	rc   syscall.RawConn
	ep   int
	done chan struct{} // closed when the goroutine has ended

	next  atomic.Int64 // when the goroutine looks around next; forever: only when something happens
	drain atomic.Bool  // Park lets go at once

	mu     sync.Mutex
	slots  []slot
	free   []int32
	gen    uint32 // of the latest slot
	closed bool

	queue queue // who has been reported and waits for a worker

	// The goroutine's own.
	events [128]raw.Event
	ready  int
	turn   int      // reports since it last waited
	hungUp []func() // of OnHangup, to be called without mu
	bell   int      // an eventfd that the instance watches, too
}

const (
	// longTurn is how many reports the goroutine takes before it waits even
	// though there are more: the runtime asks its own poller, for everybody else,
	// only when nobody is ready to run.
	longTurn = 128
	// noSlot is the place the bell's reports name.
	noSlot = 1<<31 - 1
)

// slot is one watched connection, or a free place.
type slot struct {
	c   *Conn
	gen uint32
}

// watch is what the lot knows of a Conn.
type watch struct {
	lot   *Lot  // that watches the descriptor; nil: none. Changed with Conn.registry held
	part  bool  // ... for the end of the stream alone
	slot  int32 // there
	gen   uint32
	state atomic.Uint32
	end   atomic.Int64 // when the wait that is under way ends; forever: never

	hangup func() // of OnHangup; guarded by the lot's mu
}

// The bits of watch.state. A report of the lot either ends a wait or is kept
// for the next one.
const (
	watchWaiting  = 1 << iota // parked
	watchReported             // something came since the last read began
	watchHungUp               // the peer has ended its side, or there is an error: no further report will say so
)

func (w *watch) reset() {
	w.lot, w.part, w.hangup = nil, false, nil
	w.state.Store(0)
}

// watched tells whether a lot watches the descriptor for bytes.
func (w *watch) watched() bool { return w.lot != nil && !w.part }

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

// reading is called before the socket is read: what was reported until now is
// there to be read.
func (w *watch) reading() {
	if w.state.Load()&watchReported != 0 {
		w.state.And(^uint32(watchReported))
	}
}

// NewLot makes a lot; Close ends it.
func NewLot(o LotOptions) (*Lot, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1()", err)
	}
	if err := syscall.SetNonblock(ep, true); err != nil {
		_ = syscall.Close(ep)
		return nil, os.NewSyscallError("fcntl(O_NONBLOCK)", err)
	}
	bell, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = syscall.Close(ep)
		return nil, os.NewSyscallError("eventfd()", err)
	}
	l := new(Lot)
	l.trim.init(o)
	l.spawn = o.Spawn
	l.lot, l.ep, l.bell = l, ep, bell
	l.next.Store(forever)
	if e := raw.EpollSet(ep, unix.EPOLL_CTL_ADD, bell, unix.EPOLLIN|unix.EPOLLET, noSlot); e != 0 {
		_, _ = syscall.Close(ep), syscall.Close(bell)
		return nil, os.NewSyscallError("epoll_ctl()", e)
	}
	l.file = os.NewFile(uintptr(ep), "parking lot")
	if l.rc, err = l.file.SyscallConn(); err != nil {
		_, _ = l.file.Close(), syscall.Close(bell)
		return nil, err
	}
	l.done = make(chan struct{})
	go l.loop()
	return l, nil
}

// Park hands the connection to the lot; resume is called once, on a goroutine
// of its own, when something arrives, when timeout has passed (to the second; 0
// never) or when the lot is drained. resume should be a function or a method
// value that is stored: a closure would cost an allocation. On error
// (ErrClosed: the lot or the Conn is closed) the Conn stays the caller's.
//
// Readable may be said of a connection that has nothing to be read: resume
// reads without waiting, and calls ParkAgain after ErrAgain.
//
// Nobody else may close a parked Conn: the lot would not notice before its
// timeout.
func (c *Conn) Park(l *Lot, timeout time.Duration, resume func(*Conn, Event)) error {
	c.parked.resume = resume
	now := clock.Mono()
	c.parked.since.Store(now)
	end := forever
	if timeout > 0 {
		end = now + int64(timeout)
	}
	c.parked.end.Store(end)
	return c.park(l)
}

// ParkAgain parks for what is left of the last Park's timeout, to be resumed in
// the same way.
func (c *Conn) ParkAgain(l *Lot) error { return c.park(l) }

// Unpark takes a parked Conn back. False: its wait is over already, and the
// function given to Park has it, or is about to.
func (c *Conn) Unpark() bool { return c.parked.leave() }

func (c *Conn) park(l *Lot) error {
	c.rd.turn.waited()
	c.wr.turn.waited()
	w := &c.parked.watch
	if w.lot != l || w.part {
		if err := c.watch(l, watchAll); err != nil {
			return err
		}
	}
	soonest := c.parked.since.Load() + tick
	if l.trim.counts(c) {
		l.wantTick(soonest)
	}
	end, heeded := w.end.Load(), c.parked.heeded
	if !c.drained && !c.Quiet() || !w.begin() {
		l.wake(c, Readable)
		return nil
	}
	// From here on the Conn is the lot's, unless it can be had back.
	if l.drain.Load() && w.leave() {
		l.wake(c, Drained)
		return nil
	}
	if heeded != l.recalls.Load() && w.leave() {
		l.wake(c, Recalled)
		return nil
	}
	if end != forever {
		l.wantTick(max(end, soonest))
	}
	return nil
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

// What a lot watches a descriptor for: all that ends a parked connection's wait,
// or what ends the connection, which costs nothing while bytes come.
const (
	watchAll = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET
	watchEnd = unix.EPOLLRDHUP | unix.EPOLLET
)

// OnHangup makes fn be called when the peer has ended its side of the connection,
// or that has failed, until c is closed. fn runs on the lot's goroutine or the
// caller's, must not block, and may be called without reason and more than once.
// It costs a system call where the lot does not watch c yet, as it does a
// connection that has parked. False: there is nobody to watch c.
func (c *Conn) OnHangup(l *Lot, fn func()) bool {
	w := &c.parked.watch
	if w.lot != l {
		if c.watch(l, watchEnd) != nil {
			return false
		}
	}
	if w.hangup == nil {
		l.mu.Lock()
		w.hangup = fn
		l.mu.Unlock()
	}
	if w.state.Load()&watchHungUp != 0 {
		fn()
	}
	return true
}

// watch makes l watch the descriptor. What is there already is reported, too.
func (c *Conn) watch(l *Lot, mask uint32) error {
	c.unwatch()
	c.registry.Lock()
	defer c.registry.Unlock()
	if c.closed.Load() {
		return ErrClosed
	}
	w := &c.parked.watch
	w.state.Store(0)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	w.slot, w.gen = l.place(c)
	if e := raw.EpollSet(l.ep, unix.EPOLL_CTL_ADD, c.fd, mask, uint64(w.gen)<<32|uint64(uint32(w.slot))); e != 0 {
		l.vacate(w.slot, w.gen)
		return e
	}
	w.lot, w.part = l, mask == watchEnd
	return nil
}

// unwatch takes the descriptor from the lot that watches it: when it is going to
// wait in the runtime's poller, two would wake up for every byte.
func (c *Conn) unwatch() {
	w := &c.parked.watch
	l := w.lot
	if l == nil {
		return
	}
	c.registry.Lock()
	defer c.registry.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.vacate(w.slot, w.gen)
	w.lot, w.hangup = nil, nil
	if !c.closed.Load() {
		_ = raw.EpollSet(l.ep, unix.EPOLL_CTL_DEL, c.fd, 0, 0)
	}
}

// unwatchClosed gives up the place of a descriptor that is about to be closed;
// the caller holds c.registry.
func (c *Conn) unwatchClosed() {
	w := &c.parked.watch
	if l := w.lot; l != nil {
		l.mu.Lock()
		l.vacate(w.slot, w.gen)
		l.mu.Unlock()
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
	p.slots[i] = slot{c: c, gen: p.gen}
	return i, p.gen
}

// vacate frees a slot, unless that has been done; the caller holds mu.
func (p *parker) vacate(i int32, gen uint32) {
	if c := p.at(i, gen); c == nil {
		return
	}
	p.slots[i].c = nil
	p.free = append(p.free, i)
	if len(p.free) == len(p.slots) && len(p.slots) > 1024 {
		p.slots, p.free = nil, nil // the crowd has left
	}
}

// at returns who has a slot, nil if that is somebody else by now; the caller
// holds mu.
func (p *parker) at(i int32, gen uint32) *Conn {
	if int(i) >= len(p.slots) || p.slots[i].gen != gen {
		return nil
	}
	return p.slots[i].c
}

// wantTick makes the goroutine look around at time at, if it would not do so
// earlier.
func (p *parker) wantTick(at int64) {
	if at >= p.next.Load() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setTick(at)
}

// setTick is wantTick for a caller that holds mu.
func (p *parker) setTick(at int64) {
	if at < p.next.Load() {
		p.next.Store(at)
		_ = p.file.SetReadDeadline(clock.MonoTime(at))
	}
}

// loop is the lot's goroutine.
func (p *parker) loop() {
	defer close(p.done)
	collect, work := p.collect, p.work
	for {
		err := p.rc.Read(collect)
		switch err {
		case nil:
			p.deliver()
			for p.queue.waits() {
				p.lot.start(work)
				// Comes back when the queue is empty, or when the worker waits for
				// something, or has had its share of the processor, or when there is
				// another processor: then it takes one more worker.
				runtime.Gosched()
			}
		case os.ErrDeadlineExceeded: //nolint:errorlint // the poller returns the bare value
			p.sweep(clock.Mono())
		default:
			return
		}
	}
}

// work resumes one connection after the other, on one goroutine as long as none
// has to wait: that costs less than a goroutine for each, whose stack is cold.
func (p *parker) work() {
	for c := p.queue.pop(); c != nil; c = p.queue.pop() {
		c.parked.run()
	}
}

// collect is the poller's callback. The instance is watched edge-triggered, so
// before the goroutine may wait it must have been found empty, or the bell rung.
func (p *parker) collect(uintptr) bool {
	if p.turn >= longTurn {
		p.turn = 0
		if raw.Notify(p.bell) == 0 { // which makes the wait end at once
			return false
		}
	}
	for {
		n, e := raw.EpollPoll(p.ep, p.events[:])
		if e == syscall.EINTR {
			continue
		}
		p.ready = n
		if p.turn += n; n == 0 {
			p.turn = 0
		}
		return n > 0
	}
}

// deliver queues whom the collected reports name.
func (p *parker) deliver() {
	inUse()
	now := clock.Mono()
	p.mu.Lock()
	for i := range p.ready {
		p.report(&p.events[i], now)
	}
	p.mu.Unlock()
	for i, fn := range p.hungUp {
		fn()
		p.hungUp[i] = nil
	}
	p.hungUp = p.hungUp[:0]
}

// report tells a connection of what came; the caller holds mu.
func (p *parker) report(e *raw.Event, now int64) {
	cookie := e.Cookie()
	c := p.at(int32(uint32(cookie)), uint32(cookie>>32))
	if c == nil {
		return
	}
	hungUp := e.Mask()&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	switch {
	case c.parked.seen(hungUp):
		c.parked.resumed(Readable, now)
		p.queue.push(c)
	case hungUp && c.parked.hangup != nil:
		p.hungUp = append(p.hungUp, c.parked.hangup)
	}
}

// sweep wakes up whose time has come and sets the next tick.
func (p *parker) sweep(now int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next.Store(forever) // before looking: who parks meanwhile is either seen or asks for a tick
	next := forever
	for i := range p.slots {
		c := p.slots[i].c
		if c == nil || c.parked.state.Load()&watchWaiting == 0 {
			continue
		}
		if end := c.parked.end.Load(); end > now {
			next = min(next, end)
			continue
		}
		if !c.parked.leave() {
			continue
		}
		why := Expired
		if end := c.parked.end.Load(); end > now {
			// It was resumed and has parked anew between the two looks.
			if next = min(next, end); c.parked.begin() {
				continue
			}
			why = Readable
		}
		p.lot.wake(c, why)
	}
	if next != forever {
		next = max(next, now+tick)
	}
	if at := p.lot.trim.check(now); at != 0 {
		next = min(next, at)
	}
	if next == forever {
		_ = p.file.SetReadDeadline(time.Time{})
		return
	}
	p.setTick(next)
}
