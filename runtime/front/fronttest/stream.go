package fronttest

import (
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// link is what the two ends of a connection share.
type link struct {
	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, when anything below changes
	room    int           // how many bytes a direction holds

	up, down stream // from the client, and to it
}

// newLink returns the link of a new connection.
func newLink(room int) *link { return &link{changed: make(chan struct{}), room: room} }

// stream is one direction. Its link's mu guards it.
type stream struct {
	data []byte // sent and not read
	fin  bool   // nothing follows
	err  error  // of the reader, behind data: a reset
	gone bool   // it is not read any more
}

// change wakes all waiting goroutines up; the caller holds mu.
func (l *link) change() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// half is what bounds the waits of one end of a connection in one direction.
type half struct {
	timeout  time.Duration // of each wait, 0: none
	deadline int64         // clock.Mono, 0: none; guarded by mu
	closed   *bool         // the end is closed; guarded by mu
}

// wait waits until ready, which is called with mu held, for timeout (0: for ever) and until
// h's deadline.
func (l *link) wait(h *half, timeout time.Duration, ready func() bool) error {
	until := int64(0)
	if timeout > 0 {
		until = clock.Mono() + int64(timeout)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		at := until
		if h.deadline != 0 && (at == 0 || h.deadline < at) {
			at = h.deadline
		}
		now := clock.Mono()
		switch {
		case *h.closed:
			return netio.ErrClosed
		case h.deadline != 0 && now >= h.deadline: // whatever is there
			return netio.ErrTimeout
		case ready():
			return nil
		case at != 0 && now >= at:
			return netio.ErrTimeout
		}
		l.sleep(at)
	}
}

// sleep waits for a change, or until clock.Mono is at (0: for ever). The caller holds mu.
func (l *link) sleep(at int64) {
	changed := l.changed
	l.mu.Unlock()
	defer l.mu.Lock()
	if at == 0 {
		<-changed
		return
	}
	t := time.NewTimer(time.Duration(at - clock.Mono()))
	defer t.Stop()
	select {
	case <-changed:
	case <-t.C:
	}
}

// setDeadline makes waits of h end at t; the zero Time lifts that.
func (l *link) setDeadline(t time.Time, halves ...*half) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range halves {
		h.deadline = 0
		if !t.IsZero() {
			h.deadline = clock.MonoOf(t)
		}
	}
	l.change()
}

// readable reports whether a read of s would not wait.
func (s *stream) readable() bool { return len(s.data) > 0 || s.fin || s.err != nil }

// take reads what is there. The caller holds the link's mu.
func (l *link) take(s *stream, p []byte, peek bool) (int, error) {
	n := copy(p, s.data)
	switch {
	case n > 0 && !peek:
		s.data = s.data[n:]
		l.change()
	case n > 0:
	case s.err != nil:
		return 0, s.err
	case s.fin:
		return 0, io.EOF
	default:
		return 0, netio.ErrAgain
	}
	return n, nil
}

// write sends all of p, waiting whenever there is no room; blocked is called before.
func (l *link) write(h *half, s *stream, p []byte, blocked func()) (n int, err error) {
	for len(p) > 0 {
		full := false
		l.mu.Lock()
		full = !*h.closed && !s.gone && !s.fin && len(s.data) >= l.room
		l.mu.Unlock()
		if full {
			blocked()
		}
		if err := l.wait(h, h.timeout, func() bool { return s.gone || s.fin || len(s.data) < l.room }); err != nil {
			return n, err
		}
		m := l.put(s, p)
		if m < 0 {
			return n, syscall.EPIPE
		}
		n += m
		p = p[m:]
	}
	return n, nil
}

// put adds what of p there is room for; negative: it is not read.
func (l *link) put(s *stream, p []byte) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.gone || s.fin {
		return -1
	}
	m := min(len(p), l.room-len(s.data))
	s.data = append(s.data, p[:m]...)
	l.change()
	return m
}

// close ends one end of the connection, which reads from in and writes to out. As a
// socket does, it resets the connection where bytes are unread, and also where abort is
// true: then what is on its way is lost.
func (l *link) close(h *half, in, out *stream, abort bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if *h.closed {
		return netio.ErrClosed
	}
	*h.closed = true
	if abort {
		out.data = nil
	}
	if (abort || len(in.data) > 0) && out.err == nil {
		out.err = syscall.ECONNRESET
	}
	in.data, in.gone, out.fin = nil, true, true
	l.change()
	return nil
}

// finish ends the direction s.
func (l *link) finish(h *half, s *stream) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if *h.closed {
		return netio.ErrClosed
	}
	s.fin = true
	l.change()
	return nil
}
