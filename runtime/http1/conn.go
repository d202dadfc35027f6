package http1

import (
	"crypto/tls"
	"io"
	"sync"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Conn is a client's connection.
type Conn struct {
	client   httpd.Client
	requests uint64         // so far, the current one included
	r        *httpd.Request // the current one, nil between requests

	log     *errlog.Logger   // between requests: see setLog
	debug   errlog.DebugMask // of log: what debug records are wanted
	verbose bool             // named by debug_connection: log is a Verbose one

	srv   *Instance
	ls    *Listening
	cfg   *httpd.Config
	held  *httpd.Config // cfg, while this connection counts as a user of it
	addr  *httpd.Addr
	nc    *netio.Conn
	rw    io.ReadWriter // nc, or the TLS layer
	tls   *tls.Conn
	layer *tlsLayer       // under tls
	sni   httpd.SNIChoice // what the name in the handshake has come to

	in      *buf.Buf // bytes read and not yet used: in.B[inPos:inEnd]
	inPos   int
	inEnd   int
	inLarge bool
	out     *buf.Buf // bytes to be written: out.B[:outLen]
	outLen  int
	chunk   [18]byte // size line of the chunk under way
	sent    int64

	action    string // between requests: what is being done, for the error log
	timedOut  bool
	retired   bool  // the current configuration does not listen here: the connection is served to the end of its request
	unfit     bool  // it is not what the current configuration would have made of it
	parting   bool  // what is written next is the last before the close
	arrived   int64 // clock.Mono at which the request to come was noticed; 0: unknown
	keepFor   int64 // ms: keepalive_timeout of the last location
	keepMin   int64 // ms: its keepalive_min_timeout
	plainHTTP bool  // a plain request came to a TLS port
	waiting   bool  // counted in Stats.Waiting
	pipelined bool  // the request began before the one before it was answered

	crashed bool        // its code panicked: nothing of it is used again
	left    bool        // it is out of all counts, see leave
	evicted atomic.Bool // another connection gets its place: it is to close

	markedReusable bool // setReusable has put it into srv.reusable
	// isReusable says that it still is there; the mu of srv.reusable guards this
	// and the next three.
	isReusable                 bool
	reusableSince              int64 // clock.Mono
	reusablePrev, reusableNext *Conn

	body    bodyState // of the current request
	hangups *hangups  // nil before the first Watch
	drop    bodyDrop

	resumeFn func(*netio.Conn, netio.Event)
	serveFn  func()
}

var conns = sync.Pool{New: func() any { return new(Conn) }}

// newConn wraps an accepted socket.
func newConn(s *Instance, ls *Listening, nc *netio.Conn) *Conn {
	c := conns.Get().(*Conn)
	if c.serveFn == nil {
		c.serveFn, c.resumeFn = c.serve, c.resume
	}
	c.srv, c.ls, c.nc = s, ls, nc
	c.client.Begin(s.nextConn.Add(1), clock.Mono(), nc.Peer(), nc)
	c.rw = nc
	c.verbose = s.debugged(nc.Peer())
	s.stats.Accepted.Add(1)
	s.stats.Handled.Add(1)
	s.stats.Active.Add(1)
	c.setWaiting(true)
	return c
}

// setWaiting counts the connection among those that wait for a request.
func (c *Conn) setWaiting(on bool) {
	switch {
	case on && !c.waiting:
		c.srv.stats.Waiting.Add(1)
	case !on && c.waiting:
		c.srv.stats.Waiting.Add(-1)
	}
	c.waiting = on
}

// LogFields implements errlog.Context for what happens while there is no
// request.
func (c *Conn) LogFields(f *errlog.Fields) {
	f.Action(c.action)
	f.Add("client", c.client.Host)
	server := c.nc.Local() // of a connection that is only made up
	if c.ls != nil {
		server = c.ls.lns[0].Addr()
	}
	f.AddText("server", server.AppendText)
}

// logf logs with the connection's context, to the log that was last in effect.
func (c *Conn) logf(lv errlog.Level, err error, format string, args ...any) {
	if c.log.Enabled(lv) && !c.evicted.Load() {
		c.log.Log(lv, c.client.ID, err, c, format, args...)
	}
}

// serve runs the connection until it ends or is parked.
func (c *Conn) serve() {
	defer c.caught()
	c.debugAccept()
	if !c.begin() {
		c.close()
		return
	}
	c.loop()
}

// loop serves requests until the connection ends or is parked.
func (c *Conn) loop() {
	for {
		if c.requests > 0 && c.inPos < c.inEnd {
			c.nc.Spend()
		} else if c.inPos == c.inEnd && !c.await() {
			return
		}
		c.refresh()
		if c.unfit && !c.plainHTTP || c.srv.ending.Load() || !c.serveRequest() {
			c.close()
			return
		}
		c.pipelined = c.inPos < c.inEnd
	}
}
