package pass

import (
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// Attempt is the asking of one peer: the connection, how far the request was sent on it, and the response header that came
// back. restart makes it ready for the next peer.
type Attempt struct {
	Response Response
	// Length is how much is still to come at least before the body ends: -1
	// until the peer closes, 0 nothing.
	Length    int64
	Partial   bool // the response is cut short where the peer closes now, though Length is -1
	Ended     bool // the body is complete, whatever becomes of the connection
	Keepalive bool // the connection can serve another exchange
	// Ambiguous says that the two sides may disagree about the end of the request or of the
	// response. The connection is not kept: what follows must not reach another client.
	Ambiguous bool
	Upgrade   bool // both sides switch to another protocol
	// Invalid is set by BeginBody where the response ends before its body can be whole; why is logged.
	Invalid bool

	peer  *upstream.Peer // the last one chosen
	name  []byte         // as the error log shows it, nil before a peer is chosen
	colon atomic.Bool    // ... with a colon behind: the peer in use is a unix socket. A log may be written beside done
	conn  *upstream.Conn
	key   upstream.Key          // of conn in the pool
	rare  *upstream.Particulars // of key, where it has some: kept for the next exchange
	dial  netio.DialSpec        // how conn was, or would be, made

	started  int64 // clock.Mono of this attempt
	now      int64 // clock.Mono when something came from the peer
	anew     bool  // the same peer is asked again, on a new connection
	sent     bool  // the request was begun to be sent
	bodySent bool  // ... and is complete
	received bool  // something came back

	asked     int           // bytes of the response that came with sending the request
	askErr    error         // ... or why none will
	looked    time.Duration // how long sending has waited for the response already
	up        *upload       // sends the rest of the request while the response is read; nil: it is sent
	outlet    *outlet       // of conn; nil before the first whose protocol needs one, stays with a pooled exchange
	headUntil int64         // clock.Mono by which the response header is to be there; 0: it is not waited for
	in        *buf.Buf      // the response header
	inPos     int
	inEnd     int
	hints     int64 // bytes of early hints
}

// State is one attempt, for the variables.
type State struct {
	Peer     []byte // nil separates the attempts of two handlers
	Status   int
	Connect  int64 // ms until connected, -1: never
	Header   int64 // ms until the header was there, -1: never
	Response int64 // ms until the end, -1: under way
	Length   int64 // bytes of the response body
	Received int64 // bytes from the peer
	Sent     int64 // bytes to the peer
	Queue    int64 // ms in the queue of the upstream, -1: it was not there
}

// unasked is the State of an attempt that begins.
var unasked = State{Connect: -1, Header: -1, Response: -1, Queue: -1}

// attempt asks one peer, up to a complete response header. fail says why
// another one might be asked; a result other than OK ends the exchange.
//
//go:noinline
func (x *Exchange) attempt() (fail Fail, rc httpd.Result) {
	x.R.Action("connecting to upstream")
	x.started = clock.Mono()
	if x.began == 0 {
		x.began = x.started
	}
	x.now = x.started
	x.states = append(x.states, unasked)
	if !x.anew {
		if fail, rc = x.take(); fail != 0 || rc != httpd.OK {
			return fail, rc
		}
	}
	x.name = x.peer.Name
	x.setColon(x.peer.Addr.IsUnix())
	if x.R.Debugging() {
		x.R.Debugf("get rr peer, try: %d", x.choice.Tries)
	}
	x.state().Peer = x.name
	x.restart()
	if fail, rc = x.connect(); fail != 0 || rc != httpd.OK {
		return fail, rc
	}
	if x.NoRequest {
		x.codec.ParseHeader(x, nil)
	} else {
		x.open()
		if fail, rc = x.send(); fail != 0 || rc != httpd.OK {
			return fail, rc
		}
		if fail, rc = x.readHeader(); fail != 0 || rc != httpd.OK {
			return fail, rc
		}
	}
	x.now = clock.Mono()
	x.state().Header = x.elapsed()
	if x.Response.Status >= 300 {
		if fail = x.testNext(); fail != 0 {
			return fail, httpd.OK
		}
	}
	if (x.Upgrade || !x.Buffering) && x.in != nil {
		x.ownHeader()
	}
	x.headed()
	return 0, httpd.OK
}

// restart forgets the response of an attempt before.
func (x *Exchange) restart() {
	x.sent, x.bodySent, x.received = false, false, false
	x.Keepalive, x.Upgrade, x.Partial, x.Ended, x.Invalid, x.hints, x.whole = false, false, false, false, false, 0, false
	x.outFrom = 0
	x.inPos, x.inEnd = 0, 0
	x.asked, x.askErr, x.looked, x.headUntil = 0, nil, 0, 0
	x.Response.reset()
	x.cached.fresh.Reset()
	if x.cached.active {
		x.cached.rules = caching.RFC9111{}
	}
	x.codec.Reset(x)
}

// state returns that of the attempt under way.
func (x *Exchange) state() *State { return &x.states[len(x.states)-1] }

// since returns the milliseconds since the attempt began.
func (x *Exchange) since() int64 {
	x.now = clock.Mono()
	return x.elapsed()
}

// elapsed is since as of x.now.
func (x *Exchange) elapsed() int64 { return x.now/1e6 - x.started/1e6 }

// done ends the exchange with the peer: its connection goes back to the pool,
// or is closed. It may run while the response is still on its way to the
// client.
func (x *Exchange) done() {
	x.joinUpload()
	if x.R.Debugging() {
		x.debugDone()
	}
	if len(x.states) > 0 {
		if s := x.state(); s.Response == -1 {
			if !x.whole {
				x.now = clock.Mono()
			}
			s.Response = x.elapsed()
			s.Length = x.body.length
			if x.conn != nil {
				s.Sent = x.conn.Sent
			}
		}
	}
	x.endWatch()
	if c := x.conn; c != nil {
		x.closeOutlet()
		x.conn = nil
		if x.keeps() && !x.gone.Load() {
			x.keep(c)
		} else {
			c.Close()
		}
	}
	if x.choice.Peer != nil {
		if x.Up != nil && x.Up.sticky != nil {
			x.Up.sticky.done(x)
		}
		x.free(upstream.Worked)
	}
	x.setColon(false)
}

func (x *Exchange) setColon(on bool) {
	if x.colon.Load() != on {
		x.colon.Store(on)
	}
}

// keeps reports whether the connection may serve another exchange.
func (x *Exchange) keeps() bool {
	return x.Keepalive && x.bodySent && !x.Ambiguous && x.Up != nil && x.Up.pool != nil
}
