package netio

import (
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// parker is Linux's way of parking: an epoll instance of the lot's own. The
// instance itself waits in the runtime's poller, so nothing polls and no thread
// is held.
//
// A descriptor is watched one-shot and level-triggered: arming it reports at
// once what arrived since the connection's last read said EAGAIN, so no wake-up
// is lost, and a report disarms it, so none comes twice. A report names a slot
// and its generation; one that was overtaken by the sweep finds another
// generation and is dropped.
type parker struct {
	lot  *Lot
	file *os.File
	rc   syscall.RawConn
	ep   int
	done chan struct{} // closed when the goroutine has ended

	mu     sync.Mutex
	slots  []slot
	free   []int32
	gen    uint32 // of the latest parking
	count  int
	next   int64 // when the goroutine looks around next; forever: only when something happens
	drain  bool  // Park lets go at once
	closed bool

	// The goroutine's own.
	events [128]raw.Event
	ready  int
}

// slot is one parked connection, or a free place.
type slot struct {
	c   *Conn
	end int64 // when its timeout has passed; forever: never
	gen uint32
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
	l := new(Lot)
	l.trim.init(o)
	l.spawn = o.Spawn
	l.lot = l
	l.ep, l.next = ep, forever
	l.file = os.NewFile(uintptr(ep), "parking lot")
	if l.rc, err = l.file.SyscallConn(); err != nil {
		_ = l.file.Close()
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
// Nobody else may close a parked Conn: the lot would not notice before its
// timeout.
func (c *Conn) Park(l *Lot, timeout time.Duration, resume func(*Conn, Event)) error {
	c.parked.resume = resume
	end := until(timeout)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || c.closed.Load() {
		return ErrClosed
	}
	if l.drain {
		l.wake(c, Drained)
		return nil
	}
	i := l.place(c, end)
	op := unix.EPOLL_CTL_ADD
	if c.parked.lot == l {
		op = unix.EPOLL_CTL_MOD
	}
	const mask = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT
	cookie := uint64(l.slots[i].gen)<<32 | uint64(uint32(i))
	e := raw.EpollSet(l.ep, op, c.fd, mask, cookie)
	if e == syscall.EEXIST { // it was in another lot meanwhile
		e = raw.EpollSet(l.ep, unix.EPOLL_CTL_MOD, c.fd, mask, cookie)
	}
	if e != 0 {
		l.vacate(i)
		return e
	}
	c.parked.lot = l
	now := end - int64(timeout)
	if end != forever {
		l.wantTick(max(end, now+tick))
	}
	if c.registered.Load() && l.trim.count() {
		if end == forever {
			now = clock.Mono()
		}
		l.wantTick(now + tick)
	}
	return nil
}

// place finds a slot; the caller holds mu.
func (p *parker) place(c *Conn, end int64) int32 {
	var i int32
	if n := len(p.free); n > 0 {
		i, p.free = p.free[n-1], p.free[:n-1]
	} else {
		i = int32(len(p.slots))
		p.slots = append(p.slots, slot{})
	}
	p.gen++
	p.slots[i] = slot{c: c, end: end, gen: p.gen}
	p.count++
	return i
}

// vacate frees a slot and returns who was there; the caller holds mu.
func (p *parker) vacate(i int32) *Conn {
	s := &p.slots[i]
	c := s.c
	s.c = nil
	p.free = append(p.free, i)
	if p.count--; p.count == 0 && len(p.slots) > 1024 {
		p.slots, p.free = nil, nil // the crowd has left
	}
	return c
}

// wantTick makes the goroutine look around at time at; the caller holds mu.
func (p *parker) wantTick(at int64) {
	if at < p.next {
		p.next = at
		_ = p.file.SetReadDeadline(clock.MonoTime(at))
	}
}

// loop is the lot's goroutine.
func (p *parker) loop() {
	defer close(p.done)
	collect := p.collect
	for {
		err := p.rc.Read(collect)
		switch err {
		case nil:
			p.deliver()
		case os.ErrDeadlineExceeded: //nolint:errorlint // the poller returns the bare value
			p.sweep(clock.Mono())
		default:
			return
		}
	}
}

// collect is the poller's callback. The instance is watched edge-triggered, so
// it must have been found empty before the goroutine may wait.
func (p *parker) collect(uintptr) bool {
	for {
		n, e := raw.EpollPoll(p.ep, p.events[:])
		if e == syscall.EINTR {
			continue
		}
		p.ready = n
		return n > 0
	}
}

// deliver wakes up whom the collected reports name. The scheduler runs the
// goroutine that was made ready last before the others, so that has to be the
// one of the first report, for those who came first to be served first.
func (p *parker) deliver() {
	p.mu.Lock()
	for i := range p.ready {
		p.report(p.events[(i+1)%p.ready].Cookie())
	}
	p.mu.Unlock()
}

// report wakes up the connection of a cookie, unless it has left its slot; the
// caller holds mu.
func (p *parker) report(cookie uint64) {
	k := uint32(cookie)
	if k >= uint32(len(p.slots)) {
		return
	}
	if s := &p.slots[k]; s.c == nil || s.gen != uint32(cookie>>32) {
		return
	}
	p.lot.wake(p.vacate(int32(k)), Readable)
}

// sweep wakes up whose time has come and sets the next tick.
func (p *parker) sweep(now int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := forever
	for i := 0; i < len(p.slots); i++ {
		s := &p.slots[i]
		switch {
		case s.c == nil:
		case s.end <= now:
			p.lot.wake(p.vacate(int32(i)), Expired)
		default:
			next = min(next, s.end)
		}
	}
	if next != forever {
		next = max(next, now+tick)
	}
	if at := p.lot.trim.check(now); at != 0 {
		next = min(next, at)
	}
	p.next = forever
	if next == forever {
		_ = p.file.SetReadDeadline(time.Time{})
		return
	}
	p.wantTick(next)
}

// Drain resumes everybody who is parked, and everybody who parks from now on,
// with Drained: a shutdown, after which no connection is to be kept alive.
func (l *Lot) Drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drain = true
	for i := 0; i < len(l.slots); i++ {
		if l.slots[i].c != nil {
			l.wake(l.vacate(int32(i)), Drained)
		}
	}
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
	return l.count
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
	err := l.file.Close()
	<-l.done
	l.trim.wg.Wait()
	return err
}
