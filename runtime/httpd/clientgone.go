package httpd

import (
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// Waiter is a wait on behalf of a request, which ends early when the client closes
// its connection.
type Waiter interface {
	// ClientGone is called when the client has closed its connection, or the
	// request has failed elsewhere: the wait is to end. It runs on another
	// goroutine and must not block.
	ClientGone()
}

// Watch calls w.ClientGone when the client leaves, until Unwatch; at once if it has
// left already. False: there are no such events for this connection, and the caller
// has to ask [Request.ClientClosed] from time to time. What the client still sends
// of a discarded body is read from then on.
func (r *Request) Watch(w Waiter) bool { return r.carrier.Watch(w) }

// Unwatch ends what Watch began: w is not told any more.
func (r *Request) Unwatch(w Waiter) { r.carrier.Unwatch(w) }

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

// Sleep waits for ms milliseconds, or until the client closes its connection or the
// request has failed elsewhere; [Request.Failed] reports that. The other members of
// the request's family run meanwhile.
func (r *Request) Sleep(ms int64) { r.sleepOn(r, ms) }

// sleepOn is Sleep on the goroutine of by, a member of r's family.
func (r *Request) sleepOn(by *Request, ms int64) {
	switch {
	case r.cfg.tracer != nil:
		return
	case r.main.Proto.Failed:
		r.Proto.Failed = true
		return
	}
	s := sleepers.Get().(*sleeper)
	var flow *FlowState
	if f := r.main.Proto.Flow; f != nil {
		flow = f.State()
	}
	told := r.Watch(s)
	by.BeginWait()
	cut := r.sleep(s, flow, told, ms)
	by.EndWait()
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
func (r *Request) sleep(s *sleeper, flow *FlowState, told bool, ms int64) bool {
	var lost chan struct{}
	if flow != nil {
		lost = flow.lost
	}
	for until := clock.Mono() + int64(Msec(ms)); ; {
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
func (r *Request) cutShort(flow *FlowState) {
	elsewhere := r.main.Proto.Failed || flow != nil && flow.isLost()
	r.Proto.Failed = true
	if elsewhere {
		return
	}
	if !r.LogLeft() {
		_, err := r.ClientGone()
		r.Logf(errlog.Info, err, "%s", r.clientLost())
	}
	r.terminate(StatusClientClosed)
}

// ClientGone reports whether the client has closed its connection. It is for code
// that waits for something else. The error is the one pending on the socket, if any.
func (r *Request) ClientGone() (bool, error) { return r.carrier.HungUp() }

// LogLeft logs that the client has left, where its protocol has words of its own for that.
func (r *Request) LogLeft() bool { return r.carrier.LogLeft(r) }

// ClientClosed is ClientGone without the error, which stays with the socket.
func (r *Request) ClientClosed() bool { return r.carrier.Closed() }
