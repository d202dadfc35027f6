package front

import (
	"crypto/tls"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// Conn is a client's connection: its socket, what TLS has come to, and the
// configuration that it is served under. It belongs to its protocol from Endpoint.Serve
// to Close.
type Conn struct {
	// What every request uses comes first, in one cache line.

	in    *Instance
	cfg   *Config // which this connection counts as a user of; nil before the first one
	nc    Transport
	layer *tlsLayer      // nil before the TLS handshake begins, and on a plain connection
	log   *errlog.Logger // see SetLog
	debug errlog.DebugMask

	// TimedOut says that the connection ends because a wait took too long: nothing more is
	// sent.
	TimedOut       bool
	retired        bool        // the current configuration does not listen here: the connection is served to the end of its request
	unfit          bool        // it is not what the current configuration would have made of it
	evicted        atomic.Bool // another connection gets its place: it is to close
	plain          bool        // what came to a TLS port is no handshake
	waiting        bool        // counted in Stats.Waiting
	crashed        bool        // its code panicked: nothing of it is used again
	verbose        bool        // named by debug_connection: log is a Verbose one
	markedReusable bool        // SetReusable has put it into in.reusable

	// Client is what is known of the client.
	Client Client
	// Chosen is what Endpoint.ChooseTLS has chosen by the name in the handshake, of a type of
	// the protocol; nil where there was no choice.
	Chosen any

	action  string // what is being done, for the error log
	ls      *Listening
	end     Endpoint // in cfg
	opening *Opening // of end
	tls     *tls.Conn

	input    *buf.Buf // what came after the PROXY header: input.B[from:to]; nil: nothing
	from, to int32

	left bool // it is out of all counts, see leave
	// isReusable says that it still is in in.reusable, whose mu guards this and the
	// next three.
	isReusable                 bool
	reusableSince              int64 // clock.Mono
	reusablePrev, reusableNext *Conn

	serveFn func()
}

var conns = sync.Pool{New: func() any { return new(Conn) }}

// newConn wraps an accepted socket.
func newConn(s *Instance, ls *Listening, nc Transport) *Conn {
	c := conns.Get().(*Conn)
	if c.serveFn == nil {
		c.serveFn = c.serve
	}
	c.in, c.ls, c.nc = s, ls, nc
	c.Client.Begin(s.nextConn.Add(1), clock.Mono(), nc.Peer(), nc)
	c.verbose = s.debugged(nc.Peer())
	s.stats.Accepted.Add(1)
	s.stats.Handled.Add(1)
	s.stats.Active.Add(1)
	c.SetWaiting(true)
	return c
}

// Instance returns the Instance that has accepted the connection.
func (c *Conn) Instance() *Instance { return c.in }

// Config returns the configuration, and Endpoint the listening address in it, as of the
// last Refresh.
func (c *Conn) Config() Config { return *c.cfg }

// Endpoint is described at Config.
func (c *Conn) Endpoint() Endpoint { return c.end }

// Transport returns the socket. Stream returns what is read and written: the socket
// itself, or the plain text of its TLS connection.
func (c *Conn) Transport() Transport { return c.nc }

// Stream is described at Transport.
func (c *Conn) Stream() io.ReadWriter {
	if c.layer != nil {
		return (*plainText)(c.layer)
	}
	return c.nc
}

// TakeInput returns what the client has sent and was read already, the bytes [from:to) of
// b; nil where that is nothing. The caller owns b.
func (c *Conn) TakeInput() (b *buf.Buf, from, to int) {
	b, from, to = c.input, int(c.from), int(c.to)
	c.input = nil
	return b, from, to
}

// GiveInput undoes TakeInput for another protocol: b is the connection's again.
func (c *Conn) GiveInput(b *buf.Buf, from, to int) {
	c.input, c.from, c.to = b, int32(from), int32(to)
}

// SetWaiting counts the connection among those that wait for a request, or not.
func (c *Conn) SetWaiting(on bool) {
	switch {
	case on && !c.waiting:
		c.in.stats.Waiting.Add(1)
	case !on && c.waiting:
		c.in.stats.Waiting.Add(-1)
	}
	c.waiting = on
}

// OpenUntil is the monotonic time by which the PROXY header and the handshake, and what
// the protocol reads first, are to be there: Opening.Timeout from the accept on.
func (c *Conn) OpenUntil() int64 { return c.Client.Start + int64(c.opening.Timeout) }

// ReadWithin gives every wait for bytes the time d. A read of plain text waits once
// for every part in which its TLS record comes: until, if it is not 0, is the
// monotonic time by which it ends nevertheless.
func (c *Conn) ReadWithin(d time.Duration, until int64) {
	c.nc.SetReadTimeout(d)
	if c.layer != nil {
		c.layer.ReadBy(until)
	}
}

// ReadUntil makes the reads that follow end at the monotonic time until.
func (c *Conn) ReadUntil(until int64) {
	c.ReadWithin(max(time.Duration(until-clock.Mono()), 1), until) // 0 would be no limit
}

// debugAccept writes the debug record of a new connection. Its frame is not to be that of serve, which stays (docs/adr/0048).
//
//go:noinline
func (c *Conn) debugAccept() {
	c.Debugf("accept: %s fd:%d", c.Client.Peer.String(), c.nc.Fd())
}

// serve opens the connection and hands it to its protocol.
func (c *Conn) serve() {
	defer c.Caught()
	if c.Debugging(errlog.DebugEvent) {
		c.debugAccept()
	}
	if !c.open() {
		c.Close()
		return
	}
	c.end.Server(c)(c) // not through the endpoint: its frame would stay (docs/adr/0048)
}
