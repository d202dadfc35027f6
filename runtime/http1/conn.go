package http1

import (
	"io"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Conn is a connection that speaks HTTP/1: the Carrier of its requests.
type Conn struct {
	conn *front.Conn
	nc   front.Transport // of conn
	rw   io.ReadWriter   // of conn: nc, or plain text

	endpoint *httpd.Endpoint // where the connection came in, as of the last refresh

	requests uint64         // so far, the current one included
	r        *httpd.Request // the current one, nil between requests

	input
	out        *buf.Buf // bytes to be written: out.B[:outLen]
	outLen     int
	recordSize int   // of a TLS connection, else 0
	arrived    int64 // clock.Mono at which the request to come was noticed; 0: unknown
	keepFor    int64 // ms: keepalive_timeout of the last location
	keepMin    int64 // ms: its keepalive_min_timeout

	body        bodyState // of the current request
	hangups     *hangups  // nil before someHangups; stays with a pooled Conn
	drop        bodyDrop
	lingerUntil int64 // clock.Mono: the end of lingering_time; 0: it has not begun

	over      bool     // nothing more is read from the client
	parting   bool     // what is written next is the last before the close
	hijacked  bool     // it has gone on with another protocol; out is given back after each write
	pipelined bool     // the request began before the one before it was answered
	ownBuf    bool     // the input is bodyRoom's buffer, not the header's
	chunk     [18]byte // size line of the chunk under way

	resumeFn func(*netio.Conn, netio.Event)
}

var conns = sync.Pool{New: func() any { return new(Conn) }}

// newConn takes a connection over that front has opened.
func newConn(fc *front.Conn) *Conn {
	c := conns.Get().(*Conn)
	if c.resumeFn == nil {
		c.resumeFn = c.resume
	}
	c.conn, c.nc, c.rw = fc, fc.Transport(), fc.Stream()
	c.follow()
	return c
}

// follow takes over what front has derived from the configuration.
func (c *Conn) follow() {
	c.endpoint = c.conn.Endpoint().(*httpd.Endpoint)
	if size := c.conn.RecordSize(); size != c.recordSize && c.outLen == 0 {
		if c.out != nil {
			c.out.Free()
			c.out = nil
		}
		c.recordSize = size
	}
}

// refresh takes the current configuration. It is called before each request, which keeps
// that configuration until it ends.
func (c *Conn) refresh() {
	if c.conn.Refresh() {
		c.follow()
	}
}

// takeInput takes over what came behind the PROXY header.
func (c *Conn) takeInput() {
	if b, from, to := c.conn.TakeInput(); b != nil {
		c.keepInput(c.endpoint.Addr.Default.Conf, b.B[from:to])
		b.Free()
	}
}

// loop serves requests until the connection ends or is parked.
func (c *Conn) loop() {
	for {
		if c.pipelined {
			c.nc.Spend()
		} else if c.inPos == c.inEnd && !c.await() {
			return
		}
		c.refresh()
		if c.requests == 0 && c.endpoint.ClearHTTP2 && c.beginsHTTP2() {
			return
		}
		if c.conn.Unfit() && !c.conn.Plain() || c.conn.Ending() || !c.serveRequest() {
			c.close()
			return
		}
		c.pipelined = c.inPos < c.inEnd
	}
}

// debugging reports whether debug records of a part are wanted.
func (c *Conn) debugging(part errlog.DebugMask) bool {
	if c.r != nil {
		return c.r.Log().Debug()&part != 0
	}
	return c.conn.Debugging(part)
}

// debugf writes a debug record. Ask debugging first.
func (c *Conn) debugf(format string, args ...any) {
	if c.r != nil {
		c.r.Log().Log(errlog.Debug, c.conn.Client.ID, nil, nil, format, args...)
		return
	}
	c.conn.Debugf(format, args...)
}

// debugOut writes a debug record of a write to the client.
func (c *Conn) debugOut(n int, err error) {
	switch {
	case err != nil:
		c.debugf("writev() failed: %s", err)
	case c.encrypted():
		c.debugf("SSL_write: %d", n)
	default:
		c.debugf("writev: %d of %d", n, n)
	}
}

// encrypted reports whether the connection is a TLS connection.
func (c *Conn) encrypted() bool { return c.recordSize != 0 }
