package httpd

import (
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Waiter is a wait on behalf of a request, which ends early when the client closes
// its connection.
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

// Watch calls w.ClientGone when the client closes its connection, until Unwatch; at
// once if that has happened already. False means that there are no such events for
// this connection, and that the caller has to poll [Request.ClientClosed]. From then
// on what the client still sends of a discarded body is read and dropped.
func (r *Request) Watch(w Waiter) bool { return r.carrier.Watch(w) }

// Watch implements Carrier.
func (c *Conn) Watch(w Waiter) bool {
	c.beginDrop()
	h := c.someHangups()
	h.mu.Lock()
	h.nc = c.nc
	h.waiters = append(h.waiters, w)
	h.mu.Unlock()
	return c.srv.lot != nil && c.nc.OnHangup(c.srv.lot, h.lookFn)
}

// someHangups returns the connection's hangups, made by the first call.
func (c *Conn) someHangups() *hangups {
	h := c.hangups
	if h == nil {
		h = new(hangups)
		h.lookFn = h.look
		c.hangups = h
	}
	return h
}

// shareReads prepares the connection for a second goroutine that reads from it. It
// makes everything that Watch would make, so that both goroutines may call Watch
// without knowing of each other.
func (c *Conn) shareReads() error {
	if l := c.srv.lot; l != nil {
		if err := c.nc.WatchEnd(l); err != nil {
			return err
		}
		c.nc.OnHangup(l, c.someHangups().lookFn)
	}
	return c.nc.Share()
}

// Unwatch undoes Watch: w.ClientGone is not called any more.
func (r *Request) Unwatch(w Waiter) { r.carrier.Unwatch(w) }

// Unwatch implements Carrier.
func (c *Conn) Unwatch(w Waiter) {
	h := c.hangups
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

// EndWaits implements Carrier.
func (c *Conn) EndWaits() {
	if h := c.hangups; h != nil {
		h.mu.Lock()
		h.tell()
		h.mu.Unlock()
	}
}

// goneLook is how often a wait checks whether the client has closed its connection,
// where there are no events for that.
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

// Sleep waits for ms milliseconds, or until the client closes its connection or the
// request has failed elsewhere; [Request.Failed] reports that. The other members of
// the request's family run meanwhile.
func (r *Request) Sleep(ms int64) {
	switch {
	case r.cfg.tracer != nil:
		return
	case r.main.failed:
		r.failed = true
		return
	}
	s := sleepers.Get().(*sleeper)
	flow := r.main.flow
	told := r.Watch(s)
	// A member that writes another member's output to the client keeps the turn.
	away := r.member != nil && !r.member.f.emitting
	if away {
		r.BeginWait()
	}
	cut := r.sleep(s, flow, told, ms)
	if away {
		r.EndWait()
	}
	r.Unwatch(s)
	select {
	case <-s.wake:
	default:
	}
	sleepers.Put(s)
	if cut {
		r.cutShort(flow)
	}
}

// sleep is the wait of Sleep; true means that it has ended early. flow, if not nil,
// reads from the connection: until the body is complete only flow reports that the
// client has closed it. told says that Watch calls s.ClientGone.
func (r *Request) sleep(s *sleeper, flow *BodyFlow, told bool, ms int64) bool {
	var lost chan struct{}
	if flow != nil {
		lost = flow.lost
	}
	for until := clock.Mono() + int64(msec(ms)); ; {
		left := time.Duration(until - clock.Mono())
		switch {
		case left <= 0:
			return false
		case !told && (flow == nil || flow.complete.Load()) && r.ClientClosed():
			return true
		case !told:
			left = min(left, goneLook)
		}
		s.timer.Reset(left)
		select {
		case <-s.timer.C:
			continue
		case <-lost:
			s.timer.Stop()
			return true
		case <-s.wake:
			s.timer.Stop()
		}
		if flow == nil || flow.complete.Load() || !r.ClientClosed() {
			return true
		}
	}
}

// cutShort ends a request whose Sleep ended early: the client has closed its
// connection, or the request has failed elsewhere, which is logged there.
func (r *Request) cutShort(flow *BodyFlow) {
	elsewhere := r.main.failed || flow != nil && flow.isLost()
	r.failed = true
	if elsewhere {
		return
	}
	_, err := r.ClientGone()
	r.Logf(errlog.Info, err, "%s", r.clientLost())
	r.terminate(StatusClientClosed)
}

// ClientGone reports whether the client has closed its connection. It is for code
// that waits for something else. The error is the one pending on the socket, if any.
func (r *Request) ClientGone() (bool, error) { return r.carrier.HungUp() }

// HungUp implements Carrier.
func (c *Conn) HungUp() (bool, error) { return c.nc.HungUp() }

// ClientClosed is ClientGone without the error, which stays with the socket.
func (r *Request) ClientClosed() bool { return r.carrier.Closed() }

// Closed implements Carrier.
func (c *Conn) Closed() bool { return c.nc.PeerClosed() }
