package pass

import (
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// Exchange is the passing of one request to an upstream. A codec embeds it,
// fills in the exported fields up to Framing, and calls Run. It is pooled with its
// codec and lives as long as the request.
type Exchange struct {
	R     *httpd.Request
	S     *Settings
	To    *Address        // set by SetTarget, and the next three with it
	Up    *Upstream       // nil: Group is made for this request alone
	Group *upstream.Group // of Up, or of an address found at run time; nil before it is looked up
	TLS   *TLS            // nil: plain
	Tag   any             // what connections of a local keepalive are kept for

	// Protocol names what is spoken on connections to the peers.
	Protocol string

	// Body is what follows the request's head.
	Stream bool // the body is sent as it comes in
	NoBody bool // the body is not sent
	// NoRequest says that nothing is sent to a peer and no response read: where there is a
	// connection ParseHeader is called, without input, and sets the response.
	NoRequest bool
	Framing   Framing // nil: the body is sent as it is

	// Method is sent in place of the client's: GET for a HEAD whose response may be cached.
	// nil: the client's.
	Method []byte

	Response Response
	// Length is how much is still to come at least before the body ends: -1
	// until the peer closes, 0 nothing.
	Length    int64
	Partial   bool // the response is cut short where the peer closes now, though Length is -1
	Ended     bool // the body is complete, whatever becomes of the connection
	Keepalive bool // the connection can serve another exchange
	// Odd says that the two sides may disagree about the end of the request or of the
	// response. The connection is not kept: what follows must not reach another client.
	Odd       bool
	Buffering bool // buffering is on for this response
	Upgrade   bool // both sides switch to another protocol

	codec  Codec
	own    Address        // of a target with variables
	before httpd.Upstream // of an earlier handler of the request
	states []State
	choice upstream.Choice
	bond   bond           // to a peer, where the upstream is sticky
	client uint64         // number of the client's connection that the one to the peer is bound to; 0: none
	peer   *upstream.Peer // the last one chosen
	name   []byte         // as the error log shows it, nil before a peer is chosen
	colon  bool           // ... with a colon behind: the peer in use is a unix socket
	conn   *upstream.Conn
	key    upstream.Key   // of conn in the pool
	dial   netio.DialSpec // how conn was, or would be, made
	held   *upstream.Conn // of a probe: kept since the one before
	ipKey  [16]byte       // of ip_hash

	began    int64         // clock.Mono of the first attempt
	started  int64         // clock.Mono of this attempt
	now      int64         // clock.Mono when something came from the peer
	anew     bool          // the same peer is asked again, on a new connection
	sent     bool          // the request was begun to be sent
	bodySent bool          // ... and is complete
	received bool          // something came back
	whole    bool          // the response was complete with its header
	probing  bool          // it checks a peer, see Probe
	watch    bool          // a client that goes away ends the exchange
	watched  bool          // ... and is watched
	poll     atomic.Bool   // ... by a look at it every 250 ms
	gone     atomic.Bool   // ... and has gone
	wake     chan struct{} // receives then; stays with a pooled x

	out       *buf.Buf           // the request's head
	outLen    int                // 0: there is none yet
	tail      [2 * maxFrame]byte // for what frames a piece of the body
	uriFrom   int
	uriTo     int
	asked     int           // bytes of the response that came with sending the request
	askErr    error         // ... or why none will
	looked    time.Duration // how long sending has waited for the response already
	up        *upload       // sends the rest of the request while the response is read; nil: it is sent
	headUntil int64         // clock.Mono by which the response header is to be there; 0: it is not waited for
	in        *buf.Buf      // the response header
	inPos     int
	inEnd     int
	hints     int64 // bytes of early hints
	body      pump
	flow      *duplex // of an upgraded connection
	cached    cached
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

// Begin prepares x for a request. The caller has set the fields that describe
// the target.
func (x *Exchange) Begin(r *httpd.Request, c Codec) {
	x.R, x.codec = r, c
	x.before = r.Upstream()
	if old := exchangeOf(r); old != nil && len(old.states) > 0 {
		x.states = append(x.states, old.states...)
		x.states = append(x.states, State{})
	}
	x.Buffering = x.S.Buffering
	x.watch = !x.S.IgnoreClientAbort && !x.S.Store.on() && !r.Answered()
	r.SetUpstream(x)
}

// Close implements httpd.Upstream. After a panic x goes back to no pool (docs/adr/0024).
func (x *Exchange) Close(r *httpd.Request) {
	x.body.stop(x)
	x.endUpload()
	x.endWatch()
	x.cached.release()
	if x.conn != nil {
		x.conn.Close()
		x.conn = nil
	}
	x.dropHeld()
	x.free(upstream.Worked)
	if r.Main().Proto.Crashed {
		if x.before != nil {
			x.before.Close(r)
		}
		return
	}
	if x.out != nil && x.out.Cap() != headSize {
		x.out.Free()
		x.out = nil
	}
	if x.in != nil {
		x.in.Free()
	}
	before := x.before
	x.reset()
	if before != nil {
		before.Close(r)
	}
	x.codec.Release(x)
}

// reset clears all but what is worth keeping in the pool.
func (x *Exchange) reset() {
	x.Response.reset()
	clear(x.states)
	x.states = x.states[:0]
	x.body.reset()
	x.cached.reset()
	x.Method = nil
	x.R, x.S, x.To, x.Up, x.Group, x.TLS, x.Tag = nil, nil, nil, nil, nil, nil, nil
	x.Framing, x.Protocol, x.key = nil, "", upstream.Key{}
	x.Stream, x.NoBody, x.NoRequest, x.Keepalive, x.Upgrade, x.Odd = false, false, false, false, false, false
	x.before, x.peer, x.name, x.conn, x.flow = nil, nil, nil, nil, nil
	x.choice.Key, x.choice.Hint, x.choice.Peer = nil, nil, nil
	x.bond, x.client = bond{}, 0
	x.began, x.colon, x.anew, x.probing = 0, false, false, false
	x.outLen, x.in, x.askErr = 0, nil, nil
	if x.poll.Load() {
		x.poll.Store(false)
	}
	if x.gone.Load() {
		x.gone.Store(false)
	}
}

// LogUpstream implements httpd.Upstream.
func (x *Exchange) LogUpstream(f *errlog.Fields) {
	if x.name == nil {
		return
	}
	var colon, uri []byte
	if x.colon {
		colon = []byte(":")
	}
	if x.outLen > 0 {
		uri = x.out.B[x.uriFrom:x.uriTo]
	}
	f.Quote("upstream", x.To.Schema, x.name, colon, uri)
}

// SetURI tells where in the request's head its URI is, for the error log.
func (x *Exchange) SetURI(from, to int) { x.uriFrom, x.uriTo = from, to }

// Reused reports whether the connection has served another exchange before.
func (x *Exchange) Reused() bool { return x.conn != nil && x.conn.Cached }

// Cached reports whether the response may come from a cache or go into one.
func (x *Exchange) Cached() bool { return x.cached.active }

// SetStatus notes the code of a peer's response.
func (x *Exchange) SetStatus(code int) {
	if x.began == 0 {
		return // the response is a cached one
	}
	if s := x.state(); s.Status == 0 { // the first code counts, also of a 103 response
		s.Status = code
	}
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

// choose begins the search for a peer.
//
//go:noinline
func (x *Exchange) choose() {
	if up := x.Up; up != nil {
		switch {
		case up.byIP:
			x.choice.Key = x.addressKey()
		case up.key != nil:
			x.choice.Key = up.key.Eval(x.R)
		}
		if up.sticky != nil {
			x.bind(up.sticky)
		}
		if up.ntlm && up.pool != nil {
			x.bindClient()
		}
	}
	x.Group.Begin(&x.choice)
	if n := x.S.NextTries; n > 0 && x.choice.Tries > n {
		x.choice.Tries = n
	}
}

// addressKey is what ip_hash hashes.
func (x *Exchange) addressKey() []byte {
	ip := x.R.Peer().IP()
	switch {
	case ip.Is4():
		a := ip.As4()
		return x.ipKey[:copy(x.ipKey[:], a[:3])]
	case ip.Is6():
		x.ipKey = ip.As16()
		return x.ipKey[:]
	}
	clear(x.ipKey[:3])
	return x.ipKey[:3]
}

// attempt asks one peer, up to a complete response header. fail says why
// another one might be asked; a result other than OK ends the exchange.
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
	x.name, x.colon = x.peer.Name, x.peer.Addr.IsUnix()
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
	x.Keepalive, x.Upgrade, x.Partial, x.Ended, x.hints, x.whole = false, false, false, false, 0, false
	x.inPos, x.inEnd = 0, 0
	x.asked, x.askErr, x.looked, x.headUntil = 0, nil, 0, 0
	x.Response.reset()
	x.cached.fresh.Reset()
	if x.cached.active {
		x.cached.rules = caching.RFC9111{}
	}
	x.codec.Reset(x)
}

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
	x.colon = false
}

// keeps reports whether the connection may serve another exchange.
func (x *Exchange) keeps() bool {
	return x.Keepalive && x.bodySent && !x.Odd && x.Up != nil && x.Up.pool != nil
}

// finish is done followed by the result for the request.
func (x *Exchange) finish(rc httpd.Result) httpd.Result {
	x.done()
	x.endUpload()
	x.endCached(rc)
	x.R.Action("sending to client")
	return rc
}
