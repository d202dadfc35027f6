package netio

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
)

// half is one direction of a Conn: its timeout and the state of the runtime's
// deadline timer for it.
//
// Invariant: armed is 0 or not later than deadline, so an operation that finds
// armed early enough for its own wait need not look at deadline at all. An
// armed time that is too early does no harm: the operation wakes up, sees that
// its own limit is not reached, and arms the timer again (doRead, doWrite).
type half struct {
	timeout timeout      // of each wait; 0: none. The owner's.
	until   int64        // when the wait that is under way ends; 0: not waiting, forever: no limit
	slice   timeslice    // the calls since the last wait. The owner's
	armed   atomic.Int64 // what the runtime's timer is set to; 0: off

	c      *Conn
	poller atomic.Pointer[IdlePoller] // in which the waits are, see WaitIn; nil: the runtime's

	mu       sync.Mutex   // taken to change armed, deadline or poller
	deadline atomic.Int64 // of SetDeadline; 0: none
}

// timeout is a time that the owner of a Conn sets, and that the waits of another goroutine
// use as well: under TLS a read writes, too, where it answers a key update. It is mostly
// set to what it is, which costs no more than a comparison.
type timeout struct{ d atomic.Int64 }

func (t *timeout) set(d time.Duration) {
	if t.d.Load() != int64(d) {
		t.d.Store(int64(d))
	}
}

func (t *timeout) get() time.Duration { return time.Duration(t.d.Load()) }

const forever = int64(1<<63 - 1)

func (h *half) reset() {
	h.timeout.set(0)
	h.until, h.slice = 0, timeslice{}
	h.armed.Store(0)
	h.deadline.Store(0)
	h.poller.Store(nil)
}

// begin notes that a wait starts now and sees to it that the timer is not
// later than its end. Further calls during one wait change nothing. now is
// clock.Mono, 0 where the caller does not have it.
func (h *half) begin(now int64) {
	if h.until != 0 {
		return
	}
	h.slice.waited()
	timeout := h.timeout.get()
	if timeout <= 0 {
		h.until = forever
		return
	}
	if now == 0 {
		now = clock.Mono()
	}
	h.until = now + int64(timeout)
	if h.poller.Load() != nil {
		return
	}
	if armed := h.armed.Load(); armed == 0 || armed > h.until {
		h.arm()
	}
}

// arm sets the timer to the earlier of until and deadline.
func (h *half) arm() {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.until
	if at == 0 {
		at = h.deadline.Load()
	} else {
		at = h.end()
	}
	if at == forever {
		at = 0
	}
	_ = h.set(at)
}

// end is the earlier of until and the deadline.
func (h *half) end() int64 {
	if at := h.deadline.Load(); at != 0 && at < h.until {
		return at
	}
	return h.until
}

// over tells whether the deadline has passed.
func (h *half) over() bool {
	at := h.deadline.Load()
	return at != 0 && clock.Mono() >= at
}

// set programs the timer; the caller holds mu.
func (h *half) set(at int64) error {
	var t time.Time
	if at != 0 {
		t = clock.MonoTime(at)
	}
	if !h.c.registered.Load() { // a Close that waits for this operation to end holds what register waits for
		if err := h.c.register(); err != nil {
			return err
		}
	}
	h.armed.Store(at)
	if h == &h.c.wr {
		return h.c.file.SetWriteDeadline(t)
	}
	return h.c.file.SetReadDeadline(t)
}

// setDeadline is what SetReadDeadline and SetWriteDeadline do. A later or
// lifted deadline leaves the timer alone: firing early is harmless.
func (h *half) setDeadline(t time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.IsZero() {
		h.deadline.Store(0)
		return nil
	}
	at := clock.MonoOf(t)
	h.deadline.Store(at)
	if armed := h.armed.Load(); h.poller.Load() == nil && (armed == 0 || armed > at) {
		return h.set(at)
	}
	return nil
}

// woke judges an error of the poller. It returns nil when the timer had fired
// too early and the operation is to be tried again.
func (h *half) woke(err error) error {
	if err != os.ErrDeadlineExceeded { //nolint:errorlint // the poller returns the bare value, and this is the hot path
		return ErrClosed
	}
	now := clock.Mono()
	if at := h.deadline.Load(); at != 0 && now >= at || h.until != 0 && now >= h.until {
		return ErrTimeout
	}
	h.arm()
	return nil
}
