package upstream

import (
	"crypto/tls"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// Conn is a connection to a peer, plain or TLS. It has one owner at a time: the
// exchange that uses it, or a pool.
type Conn struct {
	Net      Transport
	Requests int   // exchanges it has been used for, the current one included
	Start    int64 // clock.Mono when it was connected
	Sent     int64 // bytes written by the current owner
	Cached   bool  // it came from a pool
	State    any   // what the protocol keeps with it from one exchange to the next

	tls     *tls.Conn
	rec     netio.RecordConn
	more    bool // crypto/tls may hold plain text that is unread
	addr    netaddr.Addr
	key     kept
	idle    int64 // clock.Mono when it was put into the pool
	watched bool  // it waits in the pool's watcher; guarded by Pool.mu
	vec     [2][]byte
	one     [1]byte // for clean
}

var conns = sync.Pool{New: func() any { return new(Conn) }}

// Begin makes a connection to spec.Addr that Connect is to connect; the errors of
// both are netio.Dial's. key is what a pool keeps the connection under, nil where it
// is not kept. The texts of key are copied.
func Begin(spec *netio.DialSpec, key *Key) (*Conn, error) {
	nc, err := netio.Begin(spec)
	if err != nil {
		return nil, err
	}
	return newConn(nc, spec.Addr, key), nil
}

// newConn makes a connection of a socket; the rest is as in Begin.
func newConn(nc Transport, addr netaddr.Addr, key *Key) *Conn {
	c := conns.Get().(*Conn)
	c.Net, c.addr = nc, addr
	c.Requests = 1
	if key != nil {
		c.key = key.keep()
	}
	return c
}

// Connect connects a connection that Begin made, and waits for at most timeout. On an
// error the connection is to be closed.
func (c *Conn) Connect(timeout time.Duration) error {
	err := c.Net.Connect(timeout)
	c.Start = clock.Mono()
	return err
}

// WaitIn makes c, which has just been connected, wait for the peer in w: that is cheaper for a connection that is used once.
func (c *Conn) WaitIn(w *Watcher) {
	if nc, ok := c.Net.(*netio.Conn); ok {
		nc.WaitIn(w.idlePoller())
	}
}

// stay is called when c is used a second time, and undoes WaitIn. False: c cannot be used.
func (c *Conn) stay() bool {
	nc, ok := c.Net.(*netio.Conn)
	return !ok || nc.LeaveWaitIn() == nil
}

// Handshake puts TLS on a new connection, which is a socket. All of it is to end by the
// monotonic time until, however many bytes the peer sends.
func (c *Conn) Handshake(cfg *tls.Config, until int64) error {
	left := max(time.Duration(until-clock.Mono()), time.Millisecond)
	c.Net.SetReadTimeout(left)
	c.Net.SetWriteTimeout(left)
	c.rec.Reset(c.Net.(*netio.Conn), nil)
	c.rec.ReadBy(until)
	t := tls.Client(&c.rec, cfg)
	if err := t.Handshake(); err != nil {
		return err
	}
	c.rec.ReadBy(0)
	c.tls = t
	return nil
}

// ReadBy makes reads from the TLS layer end by the monotonic time until, where
// each piece of a record that comes would lengthen the wait; 0 lifts that.
func (c *Conn) ReadBy(until int64) {
	if c.tls != nil {
		c.rec.ReadBy(until)
	}
}

// TLS returns the TLS layer, nil on a plain connection.
func (c *Conn) TLS() *tls.Conn { return c.tls }

// ReadPooled waits for bytes and returns them in a buffer of p, which the
// caller frees. It borrows the buffer only when bytes are there, of a record on
// a TLS connection.
func (c *Conn) ReadPooled(p *buf.Pool) (*buf.Buf, int, error) {
	if c.tls == nil {
		return c.Net.ReadPooled(p)
	}
	if !c.more && c.rec.Idle() {
		if err := c.rec.Await(); err != nil {
			return nil, 0, tlsconf.ReadError(err)
		}
	}
	b := p.Get()
	n, err := c.tls.Read(b.B)
	c.more = n == len(b.B)
	if n > 0 {
		return b, n, nil
	}
	b.Free()
	return nil, 0, tlsconf.ReadError(err)
}

// Stream is what the peer sends, decrypted: the socket itself on a plain connection.
func (c *Conn) Stream() netio.PooledReader {
	if c.tls == nil {
		return c.Net
	}
	return c
}

// Ask sends q and waits for the beginning of the answer; see netio.Conn.Ask. It
// is for plain connections alone.
func (c *Conn) Ask(now int64, q []byte, p *buf.Pool) (b *buf.Buf, n, sent int, err error) {
	b, n, sent, err = c.Net.Ask(now, q, p)
	c.Sent += int64(sent)
	return b, n, sent, err
}

// Read waits for bytes and copies them to p.
func (c *Conn) Read(p []byte) (int, error) {
	if c.tls != nil {
		n, err := c.tls.Read(p)
		c.more = n == len(p)
		return n, tlsconf.ReadError(err)
	}
	return c.Net.Read(p)
}

// Write sends p.
func (c *Conn) Write(p []byte) (n int, err error) {
	if c.tls != nil {
		n, err = c.tls.Write(p)
	} else {
		n, err = c.Net.Write(p)
	}
	c.Sent += int64(n)
	return n, err
}

// WriteMore sends p; more follows at once.
func (c *Conn) WriteMore(p []byte) (n int, err error) {
	if c.tls != nil {
		return c.Write(p)
	}
	n, err = c.Net.WriteMore(p)
	c.Sent += int64(n)
	return n, err
}

// Write2 sends a and b, in one call where that is possible.
func (c *Conn) Write2(a, b []byte) (n int64, err error) {
	if c.tls == nil {
		c.vec[0], c.vec[1] = a, b
		n, err = c.Net.Writev(c.vec[:]...)
		c.vec[0], c.vec[1] = nil, nil
		c.Sent += n
		return n, err
	}
	k, err := c.Write(a)
	if err != nil {
		return int64(k), err
	}
	m, err := c.Write(b)
	return int64(k + m), err
}

// Sendfile sends n bytes of an open file from off. It is for plain connections
// alone.
func (c *Conn) Sendfile(fd int, off, n int64) (int64, error) {
	m, err := c.Net.Sendfile(fd, off, n)
	c.Sent += m
	return m, err
}

// Readable reports whether the peer has sent something, or has gone.
func (c *Conn) Readable() bool {
	var one [1]byte
	_, err := c.Net.TryPeek(one[:])
	return err != netio.ErrAgain //nolint:errorlint // netio returns it bare
}

// clean reports whether the peer has sent nothing that is unread, neither in the
// socket nor decrypted in the TLS layer.
func (c *Conn) clean() bool {
	if c.tls != nil {
		if !c.rec.Idle() {
			return false
		}
		c.rec.Mute(true)
		_, err := c.tls.Read(c.one[:])
		c.rec.Mute(false)
		if err != netio.ErrTimeout { //nolint:errorlint // crypto/tls passes it on as it is
			return false
		}
	}
	return c.Net.Drained() || c.Net.Quiet()
}

// leaveWatcher takes c back from the watcher, if it is there. False: its wait has
// ended, and c belongs to Pool.resumed, which is about to run. The caller holds
// Pool.mu.
func (c *Conn) leaveWatcher() bool {
	if !c.watched {
		return true
	}
	c.watched = false
	return c.Net.(*netio.Conn).Unpark()
}

// Close ends the connection and gives its memory back. Under TLS it tells the peer so, which may have to wait until there
// is room for that: a caller that holds a contended lock calls Drop.
func (c *Conn) Close() {
	if c.tls != nil {
		c.Net.SetWriteTimeout(time.Second)
		_ = c.tls.CloseWrite()
	}
	c.Drop()
}

// Drop is Close without the close_notify of TLS, as idle connections are closed. It does not wait.
func (c *Conn) Drop() {
	if c.rec.Conn != nil {
		c.rec.Release()
	} else {
		c.Net.Release()
	}
	*c = Conn{}
	conns.Put(c)
}
