package netio

import (
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
)

// stream is a Stream of a Conn that waits in an idle poller. While it waits it is parked, but
// not idle: neither Drain, Evict nor Recall resume it.
type stream struct {
	pl   *IdlePoller
	pool *buf.Pool // of the next piece
	each func(b *buf.Buf, n int) *buf.Pool
	done func(error)
	over atomic.Bool // a read deadline has passed, or the Conn was closed
	left atomic.Bool // the idle poller is closed
}

// stream begins a Stream that waits in pl. False: pl takes no more.
func (c *Conn) stream(pl *IdlePoller, p *buf.Pool, each func(b *buf.Buf, n int) *buf.Pool, done func(error)) bool {
	// A read beside the Stream's waits does not take c to the idle poller of WaitIn, and a deadline that has passed is seen.
	if c.rd.poller.Load() != nil && c.rd.leavePoller() != nil {
		return false
	}
	w := &c.parked.watch
	if !w.watchedBy(pl) && c.watch(pl, watchAll) != nil {
		return false
	}
	pl.mu.Lock()
	defer pl.mu.Unlock()
	if pl.closed {
		return false
	}
	w.stream.Store(&stream{pl: pl, pool: p, each: each, done: done})
	w.waits.Store(false)
	c.parked.resume = (*Conn).flow
	pl.wake(c, Readable)
	return true
}

// unregister takes the socket out of the runtime's poller, if it is there. That poller lets go of
// a descriptor only when it is closed, so the socket gets another one; where there is none left, it
// stays with both.
func (c *Conn) unregister() {
	if !c.registered.Load() {
		return
	}
	c.unwatch()
	c.registry.Lock()
	defer c.registry.Unlock()
	if c.closed.Load() {
		return
	}
	fd, err := unix.FcntlInt(uintptr(c.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return
	}
	_ = c.file.Close() // the socket stays open
	c.fd, c.file, c.rc = fd, nil, nil
	c.rd.armed.Store(0)
	c.wr.armed.Store(0)
	c.registered.Store(false)
}

// flow is what a Stream's Conn is resumed with: it reads until nothing is there, and parks again.
func (c *Conn) flow(why Event) {
	s := c.parked.stream.Load()
	for {
		switch {
		case c.closed.Load():
			c.endStream(s, ErrClosed)
			return
		case s.over.Load() || why == Expired:
			c.endStream(s, ErrTimeout)
			return
		case s.left.Load():
			c.endStream(s, ReadEach(c, s.pool, s.each))
			return
		}
		b, n, err := c.TryReadPooled(s.pool)
		if n > 0 {
			if s.pool = s.each(b, n); s.pool == nil {
				c.endStream(s, nil)
				return
			}
			if !c.drained {
				continue
			}
		} else if err != ErrAgain { //nolint:errorlint // it comes bare, and this is the hot path
			c.endStream(s, err)
			return
		}
		if !s.interrupted() && c.awaitStream(s) {
			return
		}
	}
}

// interrupted tells whether what has come from outside is to be seen to before the next wait.
func (s *stream) interrupted() bool { return s.over.Load() || s.left.Load() }

// interrupt ends the wait that is under way, or keeps the next one from beginning, which a read
// that begins later does not undo: after a read s is looked at, see flow. True: a wait has ended,
// and the caller has to resume the Conn.
func (w *watch) interrupt() bool { return w.seen(false) }

// awaitStream parks the Conn. From then on it belongs to the idle poller, and may have ended, and be
// another connection's. False: something may be there to be read, or to end the stream.
func (c *Conn) awaitStream(s *stream) bool {
	c.rd.slice.waited()
	w := &c.parked.watch
	end := forever
	if d := c.rd.timeout.get(); d > 0 {
		end = clock.Mono() + int64(d)
	}
	w.end.Store(end)
	place, gen := w.slot, w.gen
	if !w.begin() {
		return false
	}
	if end < w.due.Load() {
		s.pl.wantLook(c, place, gen, end)
	}
	return true
}

// endStream leaves the Conn to its owner, watched as before.
func (c *Conn) endStream(s *stream, err error) {
	c.parked.stream.Store(nil)
	s.done(err)
}

// streams tells whether a Stream is under way.
func (w *watch) streams() bool { return w.stream.Load() != nil }

// overStream ends a Stream, if one is under way, because of a deadline or of Close.
func (c *Conn) overStream() {
	s := c.parked.stream.Load()
	if s == nil {
		return
	}
	s.over.Store(true)
	if c.parked.interrupt() {
		s.pl.wake(c, Readable)
	}
}

// leaveStreams has the streams of an idle poller that is closed wait in goroutines; the caller
// holds mu.
func (p *parker) leaveStreams() {
	for i := range p.slots {
		c := p.slots[i].c
		if c == nil {
			continue
		}
		if s := c.parked.stream.Load(); s != nil {
			s.left.Store(true)
			if c.parked.interrupt() {
				p.poller.wake(c, Drained)
			}
		}
	}
}
