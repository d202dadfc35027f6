package httpd

import (
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Waiter is a wait on behalf of a request, which is to end when the client leaves.
type Waiter interface {
	// ClientGone is called when the client has closed its connection, or the
	// request has failed elsewhere: the wait is to end. It runs on another
	// goroutine and must not block.
	ClientGone()
}

// hangups are the Waiters of a connection's requests. It belongs to a Conn and
// stays with it in the pool.
type hangups struct {
	mu      sync.Mutex
	nc      *netio.Conn // valid while there are waiters
	waiters []Waiter
	lookFn  func() // look, bound once
}

// Watch calls w.ClientGone when the client leaves, until Unwatch; at once if it has
// left already. False: there are no such events for this connection, and the caller
// has to ask [Request.ClientClosed] from time to time. What the client still sends
// of a discarded body is read from then on.
func (r *Request) Watch(w Waiter) bool {
	c := r.conn
	if c.isShadow {
		return true
	}
	c.beginDrop()
	h := c.hangups
	if h == nil {
		h = new(hangups)
		h.lookFn = h.look
		c.hangups = h
	}
	h.mu.Lock()
	h.nc = c.nc
	h.waiters = append(h.waiters, w)
	h.mu.Unlock()
	return c.srv.lot != nil && c.nc.OnHangup(c.srv.lot, h.lookFn)
}

// Unwatch ends what Watch began: w is not told any more.
func (r *Request) Unwatch(w Waiter) {
	h := r.conn.hangups
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, other := range h.waiters {
		if other == w {
			n := len(h.waiters) - 1
			h.waiters[i], h.waiters[n] = h.waiters[n], nil
			h.waiters = h.waiters[:n]
			return
		}
	}
}

// look is what OnHangup calls.
func (h *hangups) look() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.waiters) == 0 {
		return
	}
	if h.nc.PeerClosed() {
		h.tell()
	}
}

// tell ends the waits of all waiters; the caller holds mu.
func (h *hangups) tell() {
	for _, w := range h.waiters {
		w.ClientGone()
	}
}

// endWaits ends the waits on behalf of a request that has failed.
func (c *Conn) endWaits() {
	if h := c.hangups; h != nil {
		h.mu.Lock()
		h.tell()
		h.mu.Unlock()
	}
}

// goneLook is how often a wait looks whether the client has gone, where there are
// no events for that.
const goneLook = 250 * time.Millisecond

// sleeper is a Waiter that waits for time to pass.
type sleeper struct {
	timer *time.Timer
	wake  chan struct{}
}

var sleepers = sync.Pool{New: func() any {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &sleeper{t, make(chan struct{}, 1)}
}}

// ClientGone implements Waiter.
func (s *sleeper) ClientGone() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Sleep waits for ms milliseconds, or until the client closes its connection;
// [Request.Failed] tells.
func (r *Request) Sleep(ms int64) {
	if r.cfg.tracer != nil {
		return
	}
	if r.conn.isShadow || r.main.failed {
		time.Sleep(msec(ms))
		return
	}
	s := sleepers.Get().(*sleeper)
	if f := r.main.flow; f != nil {
		r.sleepBeside(f, s, ms)
	} else {
		r.sleep(s, ms)
	}
	r.Unwatch(s)
	select {
	case <-s.wake:
	default:
	}
	sleepers.Put(s)
}

// sleepBeside is sleep while f has the reading side of the connection, and tells how
// the client leaves until the body is complete. Then it needs the events of OnHangup,
// which who passes the body on has asked for.
func (r *Request) sleepBeside(f *BodyFlow, s *sleeper, ms int64) {
	if h := r.conn.hangups; h != nil {
		h.mu.Lock()
		h.waiters = append(h.waiters, s)
		h.mu.Unlock()
	}
	s.timer.Reset(msec(ms))
	for !f.complete.Load() || !r.leftAsleep() {
		select {
		case <-s.timer.C:
			return
		case <-s.wake:
		case <-f.lost:
			s.timer.Stop()
			r.failed = true
			return
		}
	}
	s.timer.Stop()
}

// sleep waits for ms milliseconds, or until the client leaves.
func (r *Request) sleep(s *sleeper, ms int64) {
	told := r.Watch(s)
	for until := clock.Mono() + int64(msec(ms)); ; {
		left := time.Duration(until - clock.Mono())
		if left <= 0 || r.leftAsleep() {
			break
		}
		if !told {
			left = min(left, goneLook)
		}
		s.timer.Reset(left)
		select {
		case <-s.timer.C:
		case <-s.wake:
			s.timer.Stop()
		}
	}
}

// leftAsleep reports whether the client is gone, and ends its request then.
func (r *Request) leftAsleep() bool {
	gone, err := r.ClientGone()
	if gone {
		r.Logf(errlog.Info, err, "%s", r.clientLost())
		r.failed = true
		r.terminate(StatusClientClosed)
	}
	return gone
}
