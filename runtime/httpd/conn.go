package httpd

import (
	"crypto/tls"
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/wire/proxyproto"
)

var (
	errClientGone = errors.New("client closed connection")
	errTimedOut   = error(syscall.ETIMEDOUT)
)

// idleGrace is how long a keep-alive connection keeps its goroutine before it
// is parked, and how long a connection must have been idle to be closed by a
// server that quits: see docs/adr/0013.
const idleGrace = 500 * time.Millisecond

// Conn is a client's connection.
type Conn struct {
	ID       uint64 // number in error log lines: *3
	Requests uint64 // requests so far, the current one included
	Start    int64  // clock.Mono of the accept
	Addr     []byte // the client's address as text, after realip if that applies

	log     *errlog.Logger   // of the server or location that the connection's main request is in, or was
	debug   errlog.DebugMask // of log: what debug records are wanted
	verbose bool             // named by debug_connection: log is a Verbose one

	srv      *Instance
	ls       *Listening
	cfg      *Config
	held     *Config // cfg, while this connection counts as a user of it
	addr     *Addr
	nc       *netio.Conn
	rw       io.ReadWriter // nc, or the TLS layer
	tls      *tls.Conn
	layer    *tlsLayer    // under tls
	tlsS     *Server      // server that SNI chose
	sni      string       // the name in the handshake that chose it
	sniRegex *regex.Regex // the server_name that matched it

	in      *buf.Buf // bytes read and not yet used: in.B[inPos:inEnd]
	inPos   int
	inEnd   int
	inLarge bool
	out     *buf.Buf // bytes to be written: out.B[:outLen]
	outLen  int
	chunk   [18]byte // size line of the chunk under way
	sent    int64

	peer      netio.Addr // client, after realip
	addrText  [maxHostText]byte
	replaced  bool // peer and Addr are realip's, until the request ends
	proxy     *proxyproto.Header
	action    string
	timedOut  bool
	parting   bool  // what is written next is the last before the close
	abort     bool  // close with a reset
	keepFor   int64 // ms: keepalive_timeout of the last location
	keepMin   int64 // ms: its keepalive_min_timeout
	idleSince int64 // clock.Mono from which it waits, while it is parked
	plainHTTP bool  // a plain request came to a TLS port
	waiting   bool  // counted in Stats.Waiting
	isShadow  bool  // stands for another in the background
	pipelined bool  // the request began before the one before it was answered

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
	c.ID = s.nextConn.Add(1)
	c.srv, c.ls, c.nc = s, ls, nc
	c.Start = clock.Mono()
	c.rw = nc
	c.setPeer(*nc.Peer())
	c.verbose = s.debugged(&c.peer)
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

// setPeer makes a the client's address.
func (c *Conn) setPeer(a netio.Addr) {
	c.peer = a
	c.Addr = c.peer.AppendHost(c.addrText[:0])
}

// Peer returns the client's address, as realip left it.
func (c *Conn) Peer() *netio.Addr { return &c.peer }

// PeerReplaced reports whether SetPeer was called during this request. The
// address of the socket itself is always Net().Peer().
func (c *Conn) PeerReplaced() bool { return c.replaced }

// Net returns the socket.
func (c *Conn) Net() *netio.Conn { return c.nc }

// RW returns what reads and writes the client's plain bytes: the socket or
// the TLS layer over it.
func (c *Conn) RW() io.ReadWriter { return c.rw }

// TLS returns the TLS layer, nil on a plain connection.
func (c *Conn) TLS() *tls.Conn { return c.tls }

// ProxyProtocol returns the PROXY header the connection began with, or nil.
func (c *Conn) ProxyProtocol() *proxyproto.Header { return c.proxy }

// Listen returns the address the connection came in on.
func (c *Conn) Listen() *Addr { return c.addr }

// LogFields implements errlog.Context for what happens while there is no
// request.
func (c *Conn) LogFields(f *errlog.Fields) {
	f.Action(c.action)
	f.Add("client", c.Addr)
	f.AddText("server", c.nc.Local().AppendText)
}

// logf logs with the connection's context, to the log that was last in effect.
func (c *Conn) logf(lv errlog.Level, err error, format string, args ...any) {
	if c.log.Enabled(lv) {
		c.log.Log(lv, c.ID, err, c, format, args...)
	}
}

// logWrite logs a failed send the way nginx does: a client that went away is
// information, not an error.
func (c *Conn) logWrite(r *Request, err error) {
	lv := errlog.Crit
	if e, ok := errlog.Errno(err); ok {
		switch e {
		case syscall.ECONNRESET, syscall.EPIPE, syscall.ENOTCONN, syscall.ETIMEDOUT,
			syscall.ECONNREFUSED, syscall.ENETDOWN, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.EHOSTUNREACH:
			lv = errlog.Info
		}
	}
	r.Logf(lv, err, "send() failed")
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// serve runs the connection until it ends or is parked.
func (c *Conn) serve() {
	c.refresh()
	c.debugAccept()
	if !c.begin() {
		c.close()
		return
	}
	c.loop()
}

// begin takes the PROXY header and the TLS handshake.
func (c *Conn) begin() bool {
	c.nc.SetWriteTimeout(msec(c.addr.Default.Root.Core.sendTimeout))
	if c.addr.ProxyProtocol && !c.readProxy() {
		return false
	}
	if c.addr.SSL {
		return c.handshake()
	}
	return true
}

// refresh takes the current configuration; the connection keeps it for one
// request at a time.
func (c *Conn) refresh() {
	cfg := c.srv.config.Load()
	if cfg == c.cfg {
		return
	}
	cfg = c.srv.current()
	if a := cfg.addrOf(c.ls, c.nc); a != nil {
		c.held.release()
		c.held, c.cfg, c.addr = cfg, cfg, a
		c.tlsS = nil
		c.setLog(a.Default.Root.Log)
		return
	}
	cfg.release()
	if c.cfg == nil {
		// The address was dropped by a reload while this connection waited to
		// be accepted: the configuration that listened serves it.
		c.cfg = c.ls.config.Load()
		c.addr = c.cfg.addrOf(c.ls, c.nc)
		c.setLog(c.addr.Default.Root.Log)
	}
}

// loop serves requests until the connection ends or is parked.
func (c *Conn) loop() {
	for {
		c.pipelined = c.Requests > 0 && c.inPos < c.inEnd
		if c.inPos == c.inEnd && !c.await() {
			return
		}
		c.refresh()
		if !c.serveRequest() {
			c.close()
			return
		}
	}
}

// await waits for the first bytes of a request. False means that the
// connection is over or parked: c must not be touched.
func (c *Conn) await() bool {
	core := c.addr.Default.Root.Core
	first := c.Requests == 0
	limit := msec(core.keepaliveTimeout)
	if !first && c.keepFor > 0 {
		limit = msec(c.keepFor)
	}
	if first {
		limit = msec(c.addr.Default.Conf.headerTimeout)
	}
	c.freeBuffers()
	if first && c.tls == nil {
		return c.awaitFirst(limit)
	}
	wait := min(limit, idleGrace)
	c.nc.SetReadTimeout(wait)
	c.setWaiting(true)
	if !first {
		// The client has only just been answered: let others run before looking
		// for its next request, which spares a futile read and a trip through
		// the poller when there is much to do.
		runtime.Gosched()
	}
	err := c.fill(buf.Class(int(c.addr.Default.Conf.headerBufferSize)))
	if err != nil && isTimeout(err) && wait < limit {
		if c.srv.quitting.Load() {
			limit = min(limit, msec(c.keepMin))
		} else if c.park(wait, limit-wait) {
			return false
		}
		if wait < limit {
			c.nc.SetReadTimeout(limit - wait)
			err = c.fill(buf.Class(int(c.addr.Default.Conf.headerBufferSize)))
		}
	}
	c.setWaiting(false)
	if err != nil {
		c.ended(err, first)
		return false
	}
	return true
}

// awaitFirst waits for the first request of a plain connection. Where it is
// not there yet, the connection is parked at once: a short one then never meets
// the runtime's poller, which costs more calls and some garbage.
func (c *Conn) awaitFirst(limit time.Duration) bool {
	c.setWaiting(true)
	b, n, err := c.nc.TryReadPooled(buf.Class(int(c.addr.Default.Conf.headerBufferSize)))
	if errors.Is(err, netio.ErrAgain) {
		if c.park(0, limit) {
			return false
		}
		err = netio.ErrTimeout
	}
	c.setWaiting(false)
	if err == nil && n == 0 {
		err = io.EOF
	}
	if err != nil {
		c.ended(err, true)
		return false
	}
	c.in, c.inPos, c.inEnd, c.inLarge = b, 0, n, false
	c.debugRecv(n)
	return true
}

// debugRecv notes the first bytes of a request.
func (c *Conn) debugRecv(n int) {
	if !c.debugging(errlog.DebugHTTP) {
		return
	}
	if c.Requests == 0 {
		c.debugf("http wait request handler")
	} else {
		c.debugf("http keepalive handler")
	}
	if c.tls != nil {
		c.debugf("SSL_read: %d", n)
	} else {
		c.debugf("recv: fd:%d %d of %d", c.nc.Fd(), n, c.addr.Default.Conf.headerBufferSize)
	}
}

// fill reads bytes into a fresh input buffer of the pool.
func (c *Conn) fill(p *buf.Pool) error {
	if c.tls == nil {
		b, n, err := c.nc.ReadPooled(p)
		if err != nil {
			return err
		}
		if n == 0 {
			return io.EOF
		}
		c.in, c.inPos, c.inEnd, c.inLarge = b, 0, n, false
		c.debugRecv(n)
		return nil
	}
	if c.layer.idle() {
		if err := c.layer.Await(); err != nil {
			return err
		}
	}
	b := p.Get()
	n, err := c.rw.Read(b.B)
	if n == 0 {
		b.Free()
		if err == nil {
			err = io.EOF
		}
		return err
	}
	c.in, c.inPos, c.inEnd, c.inLarge = b, 0, n, false
	c.debugRecv(n)
	return nil
}

// ended closes a connection whose wait for a request failed.
func (c *Conn) ended(err error, first bool) {
	switch {
	case isTimeout(err):
		if first {
			c.action = "waiting for request"
			c.logf(errlog.Info, errTimedOut, "client timed out")
			c.timedOut = true
		}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if first {
			c.action = "waiting for request"
			c.logf(errlog.Info, nil, "client closed connection")
		} else {
			// nginx has no context at this point.
			c.log.Log(errlog.Info, c.ID, nil, nil, "client %s closed keepalive connection", c.Addr)
		}
	default:
		c.recvFailed(err, first)
	}
	c.close()
}

// recvFailed logs a read that failed while a request was waited for. A reset of
// an idle connection is nothing to speak of.
func (c *Conn) recvFailed(err error, first bool) {
	e, ok := errlog.Errno(err)
	if !ok || !first && c.tls == nil && e == syscall.ECONNRESET {
		return
	}
	c.action = "keepalive"
	if first {
		c.action = "waiting for request"
	}
	call := "recv() failed"
	if c.tls != nil {
		call = "SSL_read() failed"
	}
	c.logf(errlog.Info, e, "%s", call)
}

// park lets the connection, which has waited already, wait without a goroutine.
func (c *Conn) park(waited, left time.Duration) bool {
	if c.tls != nil && !c.layer.idle() {
		return false
	}
	c.nc.User = c
	c.idleSince = clock.Mono() - int64(waited)
	return c.nc.Park(c.srv.lot, left, c.resumeFn) == nil
}

// resume continues a parked connection on a goroutine of its own.
func (c *Conn) resume(_ *netio.Conn, why netio.Event) {
	c.setWaiting(false)
	if why == netio.Drained && c.lastCall() {
		why = netio.Readable
	}
	if why != netio.Readable {
		if why == netio.Expired && c.Requests == 0 {
			c.ended(netio.ErrTimeout, true)
			return
		}
		c.close()
		return
	}
	c.refresh()
	c.nc.SetReadTimeout(msec(c.addr.Default.Conf.headerTimeout))
	if err := c.fill(buf.Class(int(c.addr.Default.Conf.headerBufferSize))); err != nil {
		c.ended(err, c.Requests == 0)
		return
	}
	c.loop()
}

// lastCall gives a connection that has to go the rest of its grace, and reports
// whether a request has come, which is answered with Connection: close.
func (c *Conn) lastCall() bool {
	left := max(idleGrace, msec(c.keepMin)) - time.Duration(clock.Mono()-c.idleSince)
	if left > 0 {
		return c.nc.WaitReadableFor(left) == nil
	}
	n, _ := c.nc.TryPeek(make([]byte, 1))
	return n > 0
}

// freeBuffers gives back what an idle connection does not need.
func (c *Conn) freeBuffers() {
	if c.in != nil && c.inPos == c.inEnd {
		c.in.Free()
		c.in, c.inPos, c.inEnd = nil, 0, 0
	}
	if c.out != nil && c.outLen == 0 {
		c.out.Free()
		c.out = nil
	}
}

// close ends the connection and gives everything back.
func (c *Conn) close() {
	if c.debugging(errlog.DebugHTTP) {
		c.debugf("close http connection: %d", c.nc.Fd())
	}
	if c.outLen > 0 && !c.timedOut {
		_ = c.flush(nil)
	}
	if c.tls != nil && !c.timedOut && !c.abort {
		c.nc.SetWriteTimeout(time.Second)
		_ = c.tls.CloseWrite()
	}
	if c.in != nil {
		c.in.Free()
	}
	if c.out != nil {
		c.out.Free()
	}
	if c.timedOut && c.addr.Default.Root.Core.resetTimedout || c.abort {
		_ = c.nc.Abort()
	}
	c.srv.stats.Active.Add(-1)
	c.setWaiting(false)
	c.held.release()
	c.srv.connGone(c)
	if c.layer != nil {
		c.layer.release()
	}
	c.nc.Release()
	*c = Conn{serveFn: c.serveFn, resumeFn: c.resumeFn}
	conns.Put(c)
}

// lingeringClose reads on for a while after the last response, so that the
// client gets to read it before a reset could destroy it.
func (c *Conn) lingeringClose(core *Core) {
	if c.debugging(errlog.DebugHTTP) {
		c.debugf("http lingering close handler")
	}
	if err := c.flush(nil); err != nil {
		return
	}
	if c.tls != nil {
		_ = c.tls.CloseWrite()
	}
	if err := c.nc.CloseWrite(); err != nil {
		return
	}
	b := buf.Sized(4096)
	defer b.Free()
	until := clock.Mono() + core.lingeringTime*int64(time.Millisecond)
	for {
		left := time.Duration(until - clock.Mono())
		if left <= 0 {
			return
		}
		c.nc.SetReadTimeout(min(left, msec(core.lingeringTimeout)))
		if n, err := c.nc.Read(b.B); n == 0 || err != nil {
			return
		}
	}
}

// goneLook is how often a wait looks whether a client that sent something has
// gone since.
const goneLook = 250 * time.Millisecond

// Sleep waits for ms milliseconds, or until the client closes its connection;
// [Request.Failed] tells.
func (r *Request) Sleep(ms int64) {
	if r.cfg.tracer != nil {
		return
	}
	if r.conn.isShadow || r.main.failed {
		time.Sleep(msec(ms))
		return
	}
	nc := r.conn.nc
	until := clock.Mono() + int64(msec(ms))
	waited := nc.WaitReadableFor(msec(ms))
	if isTimeout(waited) {
		return
	}
	for {
		if gone, err := nc.HungUp(); gone {
			if _, ok := errlog.Errno(waited); ok && err == nil {
				err = waited // the wait has taken the socket's error
			}
			r.Logf(errlog.Info, err, "client prematurely closed connection")
			r.failed = true
			r.terminate(StatusClientClosed)
			return
		}
		left := time.Duration(until - clock.Mono())
		if left <= 0 {
			return
		}
		time.Sleep(min(left, goneLook))
	}
}

func msec(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
