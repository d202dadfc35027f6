package pass

import (
	"errors"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// take chooses a peer for an attempt, and waits for one where the upstream has a queue.
func (x *Exchange) take() (Fail, httpd.Result) {
	x.choice.Now = x.started
	x.peer = x.choice.Next()
	if x.peer == nil {
		x.name = x.Group.Name
		x.state().Peer = x.name
		text := "no live upstreams"
		if x.Group.Queued() {
			var rc httpd.Result
			if text, rc = x.enqueue(text); rc != httpd.OK {
				return 0, rc
			}
		}
		if x.peer == nil {
			x.R.Errorf(nil, "%s", text)
			return failNoLive, httpd.OK
		}
	}
	if x.Up != nil && x.Up.sticky != nil {
		x.Up.sticky.chosen(x)
	}
	return 0, httpd.OK
}

// enqueue waits for a peer in the queue of the upstream. Without one it returns the
// message; a result other than OK ends the exchange: the client has left.
func (x *Exchange) enqueue(text string) (string, httpd.Result) {
	cancel := x.beginLookup()
	peer, err := x.choice.Wait(cancel)
	rc := x.endLookup()
	x.peer = peer
	now := clock.Mono()
	x.state().Queue = (now - x.started) / 1e6
	x.started, x.now = now, now
	switch {
	case errors.Is(err, upstream.ErrQueueFull):
		text = "upstream queue is full"
	case errors.Is(err, upstream.ErrQueueTimeout):
		text = "upstream queue timed out"
	}
	return text, rc
}

// headed is called when the header of a response is there that is to be used.
func (x *Exchange) headed() {
	x.choice.Answered(x.state().Header)
	if x.Up != nil && x.Up.sticky != nil {
		x.Up.sticky.headed(x)
	}
}

// free gives the peer in use back, if there is one, and tells what has happened with it.
// The report is true: the peer is left out from now on.
func (x *Exchange) free(o upstream.Outcome) (disabled bool) {
	if x.choice.Peer == nil {
		return false
	}
	if len(x.states) > 0 {
		s := x.state()
		took := s.Response
		if took < 0 {
			took = x.elapsed()
		}
		x.choice.Report = upstream.Report{
			Status: s.Status, Sent: s.Sent, Received: s.Received, Header: s.Header, Response: took,
		}
	}
	return x.choice.Free(o)
}

// keep puts the connection to the peer into the pool.
func (x *Exchange) keep(c *upstream.Conn) {
	pool := x.Up.pool
	pool.Put(c, x.now)
	if x.peer.Gone() { // while it was in use
		pool.Forget([]netaddr.Addr{x.peer.Addr})
	}
}
