package pass

import (
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// Exchange is the passing of one request to an upstream. A codec embeds it,
// fills in the exported fields of the target and of Outgoing, and calls Run. It is pooled
// with its codec and lives as long as the request.
//
// Run makes an Attempt at one peer after the other until one has sent a response header, and
// turns it into the Reply.
type Exchange struct {
	R     *httpd.Request
	S     *Settings
	To    *Address        // set by SetTarget, and the next three with it
	Up    *Upstream       // nil: Group is made for this request alone
	Group *upstream.Group // of Up, or of an address found at run time; nil before it is looked up
	TLS   *TLS            // nil: plain
	Tag   any             // what connections of a local keepalive are kept for

	// Protocol names what is spoken on connections to the peers. ALPN are the names of it that a TLS handshake offers; nil: none.
	Protocol string
	ALPN     []string

	Outgoing
	Attempt
	Reply
	watching

	codec   Codec
	own     Address        // of a target with variables
	before  httpd.Upstream // of an earlier handler of the request
	states  []State        // of all attempts
	began   int64          // clock.Mono of the first attempt
	choice  upstream.Choice
	bond    bond           // to a peer, where the upstream is sticky
	client  uint64         // number of the client's connection that the one to the peer is bound to; 0: none
	ipKey   [16]byte       // of ip_hash
	probing bool           // it checks a peer, see Probe
	held    *upstream.Conn // of a probe: kept since the one before
}

// Outgoing is the request as the peers get it. It is the same for each attempt.
type Outgoing struct {
	// Body is what follows the request's head.
	Stream bool // the body is sent as it comes in
	NoBody bool // the body is not sent
	// NoRequest says that nothing is sent to a peer and no response read: where there is a
	// connection ParseHeader is called, without input, and sets the response.
	NoRequest bool
	Framing   Framing // nil: the body is sent as it is
	Own       []byte  // sent in place of the client's body, with a Framing; nil: none

	// Method is sent in place of the client's: GET for a HEAD whose response may be cached.
	// nil: the client's.
	Method []byte

	out     *buf.Buf           // the request's head
	outLen  int                // 0: there is none yet
	outFrom int                // what precedes this is not sent on the connection in use
	tail    [2 * maxFrame]byte // for what frames a piece of the body
	uriFrom int
	uriTo   int
}

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
	crashed := r.Main().Proto.Crashed
	if crashed {
		x.body.crashed()
	}
	x.body.stop(x)
	x.endUpload()
	x.endWatch()
	x.cached.release()
	if x.conn != nil {
		x.closeOutlet()
		x.conn.Close()
		x.conn = nil
	}
	x.dropHeld()
	x.free(upstream.Worked)
	if crashed {
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
	x.Own, x.ALPN, x.outFrom = nil, nil, 0
	x.Stream, x.NoBody, x.NoRequest, x.Keepalive, x.Upgrade, x.Ambiguous = false, false, false, false, false, false
	x.before, x.peer, x.name, x.conn, x.flow = nil, nil, nil, nil, nil
	x.choice.Key, x.choice.Hint, x.choice.Peer = nil, nil, nil
	x.bond, x.client = bond{}, 0
	x.began, x.anew, x.probing = 0, false, false
	x.setColon(false)
	x.outLen, x.in, x.askErr = 0, nil, nil
	if x.rare != nil {
		*x.rare = upstream.Particulars{}
	}
	if x.dial.Addr.IsValid() || x.dial.Bind.IsValid() { // a connection was, or would have been, made
		x.dial = netio.DialSpec{}
	}
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
	if x.colon.Load() {
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
