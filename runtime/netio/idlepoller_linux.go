package netio

import (
	"os"
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

// parker is Linux's way of parking: an epoll instance of the idle poller's own. The
// instance itself waits in the runtime's poller, so nothing polls and no thread
// is held.
//
// A descriptor is watched edge-triggered from its first parking on, so parking
// again takes no system call. A report names a slot and its generation; one for
// a Conn that is closed or has left finds another generation and is dropped.
type parker struct {
	poller *IdlePoller
	file   *os.File
	rc     syscall.RawConn
	ep     int
	done   chan struct{} // closed when the goroutine has ended

	next atomic.Int64 // when the goroutine looks around next; forever: only when something happens

	slots []slot
	free  []int32
	gen   uint32 // of the latest slot
	wheel wheel

	queue  queue       // connections whose wait is over, and that wait for a worker
	spare  atomic.Bool // a worker was started that has not begun
	workFn func()      // work, bound once

	ended atomic.Bool // no wait of a read begins any more

	// The goroutine's own.
	events [maxReports]raw.Event
	hungUp []func() // functions of OnHangup that are to be called once mu is free
	wakeFD int      // an eventfd that the instance watches, too
}

const (
	// maxReports is how many reports the goroutine takes at a time.
	maxReports = 128
	// noSlot is the slot that events of wakeFD name.
	noSlot = 1<<31 - 1
)

// NewIdlePoller makes an idle poller; Close ends it.
func NewIdlePoller(o IdlePollerOptions) (*IdlePoller, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1()", err)
	}
	if err := syscall.SetNonblock(ep, true); err != nil {
		_ = syscall.Close(ep)
		return nil, os.NewSyscallError("fcntl(O_NONBLOCK)", err)
	}
	wakeFD, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = syscall.Close(ep)
		return nil, os.NewSyscallError("eventfd()", err)
	}
	pl := new(IdlePoller)
	pl.trim.init(o)
	pl.spawn = o.Spawn
	pl.poller, pl.ep, pl.wakeFD = pl, ep, wakeFD
	pl.workFn = pl.work
	pl.initWheel()
	pl.next.Store(forever)
	if e := raw.EpollSet(ep, unix.EPOLL_CTL_ADD, wakeFD, unix.EPOLLIN|unix.EPOLLET, noSlot); e != 0 {
		_, _ = syscall.Close(ep), syscall.Close(wakeFD)
		return nil, os.NewSyscallError("epoll_ctl()", e)
	}
	pl.file = os.NewFile(uintptr(ep), "idle poller")
	if pl.rc, err = pl.file.SyscallConn(); err != nil {
		_, _ = pl.file.Close(), syscall.Close(wakeFD)
		return nil, err
	}
	pl.done = make(chan struct{})
	go pl.loop()
	return pl, nil
}

// Park hands the connection to the idle poller; resume is called once, on a goroutine
// of its own, when something arrives, when timeout has passed (0: never; its end is
// noticed up to 17 ms late) or when the idle poller is drained. resume should be a function
// or a method value that is stored: a closure would cost an allocation. On error
// (ErrClosed: the idle poller or the Conn is closed) the Conn stays the caller's.
//
// A connection may be resumed with Readable when nothing can be read: resume reads
// without waiting, and calls ParkAgain after ErrAgain.
//
// A parked Conn must not be closed: the idle poller would not notice before its timeout.
func (c *Conn) Park(pl *IdlePoller, timeout time.Duration, resume func(*Conn, Event)) error {
	c.parked.resume = resume
	c.parked.waits.Store(false)
	c.parked.busy.Store(false)
	c.wr.slice.waited()
	now := clock.Mono()
	c.parked.since.Store(now)
	end := forever
	if timeout > 0 {
		end = now + int64(timeout)
	}
	c.parked.end.Store(end)
	return c.park(pl)
}

// ParkBusy is Park without a timeout for a connection that has work under way, of which another
// goroutine may write meanwhile: neither Drain, Evict nor Recall end its wait.
func (c *Conn) ParkBusy(pl *IdlePoller, resume func(*Conn, Event)) error {
	c.parked.resume = resume
	c.parked.waits.Store(false)
	c.parked.busy.Store(true)
	c.parked.since.Store(clock.Mono())
	c.parked.end.Store(forever)
	return c.park(pl)
}

// ParkAgain parks for what is left of the last Park's timeout, to be resumed in
// the same way.
func (c *Conn) ParkAgain(pl *IdlePoller) error { return c.park(pl) }

// Unpark ends the wait of a parked Conn. True: the caller has it back. False: the function given to
// Park has it, or is about to.
func (c *Conn) Unpark() bool { return c.parked.leave() }

func (c *Conn) park(pl *IdlePoller) error {
	c.rd.slice.waited()
	w := &c.parked.watch
	if !w.watchedBy(pl) {
		if err := c.watch(pl, watchAll); err != nil {
			return err
		}
	}
	if pl.trim.counts(c) {
		pl.wantTick(pl.trim.soon(c.parked.since.Load()))
	}
	end, seenRecalls, place, gen, busy := w.end.Load(), c.parked.seenRecalls, w.slot, w.gen, w.busy.Load()
	if !c.drained && !c.Quiet() || !w.begin() {
		pl.wake(c, Readable)
		return nil
	}
	// From here on the Conn is the idle poller's, unless it can be had back.
	if busy {
		return nil
	}
	if pl.drain.Load() && w.leave() {
		pl.wake(c, Drained)
		return nil
	}
	if seenRecalls != pl.recalls.Load() && w.leave() {
		pl.wake(c, Recalled)
		return nil
	}
	if end < w.due.Load() {
		pl.wantLook(c, place, gen, end)
	}
	return nil
}

// wantTick makes the goroutine look around at time at, if it would not do so
// earlier.
func (p *parker) wantTick(at int64) {
	if at >= p.next.Load() {
		return
	}
	p.poller.mu.Lock()
	defer p.poller.mu.Unlock()
	p.setTick(at)
}

// setTick is wantTick for a caller that holds mu.
func (p *parker) setTick(at int64) {
	if at < p.next.Load() {
		p.next.Store(at)
		_ = p.file.SetReadDeadline(clock.MonoTime(at))
	}
}

// loop is the idle poller's goroutine.
func (p *parker) loop() {
	defer close(p.done)
	collect := func(uintptr) bool {
		p.collect()
		return false
	}
	peek := func(uintptr) { p.poll() }
	for {
		// Read calls collect at once, and after each wait.
		if err := p.rc.Read(collect); err != os.ErrDeadlineExceeded { //nolint:errorlint // the poller returns the bare value
			return
		}
		for p.sweep(clock.Mono()) {
			_ = p.rc.Control(peek)
			p.startWorker()
		}
		p.startWorker()
	}
}

// startWorker starts a worker where connections are in the queue, unless one is about to
// begin.
func (p *parker) startWorker() {
	if !p.spare.Load() && p.queue.waits() && p.spare.CompareAndSwap(false, true) {
		p.poller.start(p.workFn)
	}
}

// work resumes one connection after the other, on one goroutine as long as none
// has to wait: that costs less than a goroutine for each, whose stack is cold. Before it
// resumes one while others are in the queue it starts the next worker, which begins when
// this one waits for something, or has had its share of the processor, or at once where
// there is another processor.
func (p *parker) work() {
	p.spare.Store(false)
	for c := p.queue.pop(); c != nil; c = p.queue.pop() {
		p.startWorker()
		c.resume()
	}
}

// collect passes on the reports that are there, up to a number, before the goroutine waits. The
// runtime's poller watches the instance edge-triggered, and hears of each report that comes after
// poll. So poll is called again only where it left some, and after a wait: the runtime polls for
// all other goroutines only when none is ready to run.
func (p *parker) collect() {
	for p.poll() {
		p.startWorker()
		if raw.Notify(p.wakeFD) == 0 { // which makes the wait end at once
			return
		}
	}
	p.startWorker()
}

// poll passes on reports that are there. True: there may be more.
func (p *parker) poll() bool {
	for {
		n, e := raw.EpollPoll(p.ep, p.events[:])
		if e == syscall.EINTR {
			continue
		}
		if n > 0 {
			p.deliver(p.events[:n])
		}
		return n == len(p.events)
	}
}

// deliver queues the connections that the reports name.
func (p *parker) deliver(events []raw.Event) {
	inUse()
	now := clock.Mono()
	p.poller.mu.Lock()
	for i := range events {
		p.report(&events[i], now)
	}
	p.poller.mu.Unlock()
	for i, fn := range p.hungUp {
		fn()
		p.hungUp[i] = nil
	}
	p.hungUp = p.hungUp[:0]
}

// report passes an event to the watch of its connection; the caller holds mu.
func (p *parker) report(e *raw.Event, now int64) {
	cookie := e.Cookie()
	c := p.at(int32(uint32(cookie)), uint32(cookie>>32))
	if c == nil {
		return
	}
	hungUp := e.Mask()&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	if c.parked.seen(hungUp) {
		p.resume(c, Readable, now)
		return
	}
	if !hungUp {
		return
	}
	if fn := c.parked.hangup; fn != nil {
		p.hungUp = append(p.hungUp, fn)
	}
}

// resume queues a connection whose wait the caller has ended, or wakes up who reads from it.
func (p *parker) resume(c *Conn, why Event, now int64) {
	if c.parked.wakeReader(why) {
		return
	}
	c.parked.resumed(why, now)
	p.queue.push(c)
}

// each calls fn for each parked connection that is idle; the caller holds mu.
func (p *parker) each(fn func(*Conn)) {
	for i := range p.slots {
		if c := p.slots[i].c; c != nil && c.parked.idle() {
			fn(c)
		}
	}
}

// expel resumes c, unless its wait has just ended; the caller holds mu.
func (p *parker) expel(c *Conn, why Event) bool {
	if !c.parked.leave() {
		return false
	}
	p.poller.wake(c, why)
	return true
}

// recallAll resumes all parked connections with Recalled; the caller holds mu. Most
// park again at once, so a few goroutines are enough for thousands of them.
func (p *parker) recallAll() {
	now := clock.Mono()
	p.each(func(c *Conn) {
		if c.parked.leave() {
			p.resume(c, Recalled, now)
		}
	})
	if !p.poller.closed {
		_ = raw.Notify(p.wakeFD) // it fails when it is readable already
	}
}

// end ends the goroutine of an idle poller that is drained and closed.
func (p *parker) end() error {
	p.poller.mu.Lock()
	p.leaveStreams()
	p.leaveReads()
	p.poller.mu.Unlock()
	err := p.file.Close()
	<-p.done
	_ = syscall.Close(p.wakeFD)
	return err
}
