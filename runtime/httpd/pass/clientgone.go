package pass

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// An exchange watches its client from the time it has a connection to a peer, or looks
// up a name, until it is done with the peer. When the client closes its connection,
// the connection to the peer is interrupted, so that every wait for it ends.

// watching says how the client is watched meanwhile.
type watching struct {
	watch   bool          // a client that goes away ends the exchange
	watched bool          // ... and is watched
	poll    atomic.Bool   // ... by a look at it every 250 ms
	gone    atomic.Bool   // ... and has gone
	wake    chan struct{} // receives then; stays with a pooled x
}

// hangup is an Exchange as an httpd.Waiter.
type hangup Exchange

// ClientGone implements httpd.Waiter.
func (h *hangup) ClientGone() {
	h.gone.Store(true)
	if h.conn != nil {
		h.conn.Net.Interrupt()
	}
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// beginWatch watches the client, where it may end the exchange.
func (x *Exchange) beginWatch() {
	if !x.watch || x.watched {
		return
	}
	if x.wake == nil {
		x.wake = make(chan struct{}, 1)
	}
	x.watched = true
	if !x.R.Watch((*hangup)(x)) {
		x.poll.Store(true)
	}
}

// endWatch ends what beginWatch began. From then on the connection is not
// interrupted any more.
func (x *Exchange) endWatch() {
	if !x.watched {
		return
	}
	x.watched = false
	x.R.Unwatch((*hangup)(x))
	if x.gone.Load() {
		select {
		case <-x.wake:
		default:
		}
	}
}

// aborted ends an exchange because the client has closed its connection, which it logs,
// unless the request has failed for another reason, which is logged already.
func (x *Exchange) aborted() httpd.Result {
	if x.probing || x.R.Main().Failed() {
		return httpd.StatusClientClosed
	}
	if x.R.LogLeft() {
		return httpd.StatusClientClosed
	}
	_, err := x.R.ClientGone()
	text := clientLeft
	if x.conn != nil || x.received {
		text = clientLeftUpstream
	}
	x.R.Logf(errlog.Info, err, "%s", text)
	return httpd.StatusClientClosed
}

// The log texts about a client that has closed its connection, before and after there
// is a connection to a peer.
const (
	clientLeft         = "epoll_wait() reported that client prematurely closed connection"
	clientLeftUpstream = clientLeft + ", so upstream connection is closed too"
)

// ClientLost implements httpd.Upstream.
func (x *Exchange) ClientLost() string {
	switch {
	case !x.engaged():
		if x.body.ahead != nil {
			x.R.Action("sending to client")
		}
		return ""
	case x.watch:
		if x.body.ahead == nil { // what reads ahead has said so, and may be logging
			x.R.Action("reading upstream")
		}
		return clientLeftUpstream
	case x.R.Client().TLS != nil:
		return "SSL_write() failed"
	}
	return "writev() failed"
}

// engaged reports whether the peer was still to send something when a write to the
// client failed.
func (x *Exchange) engaged() bool {
	a := x.body.ahead
	if a == nil {
		return x.conn != nil
	}
	end := a.spool.Ended()
	return end == nil || errors.Is(end, errAborted)
}

// beginLookup is called before the name of a peer is looked up. When the client
// leaves, a value comes from the channel, and the lookup is to end. endLookup
// follows.
func (x *Exchange) beginLookup() <-chan struct{} {
	x.beginWatch()
	x.R.BeginWait()
	return x.wake
}

// endLookup is called after the lookup. A result other than OK ends the exchange: the client
// has left.
func (x *Exchange) endLookup() httpd.Result {
	x.R.EndWait()
	x.endWatch()
	if x.gone.Load() {
		return x.aborted()
	}
	return httpd.OK
}

// sleep waits for d, or until the client leaves or nothing is to be read ahead any
// more.
func (x *Exchange) sleep(d time.Duration) {
	x.beginWait()
	t := time.NewTimer(d)
	select {
	case <-t.C:
	case <-x.wake:
	}
	t.Stop()
	x.endWait()
}
