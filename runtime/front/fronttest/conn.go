package fronttest

import (
	"io"
	"math"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Conn is the server's end of a connection, a front.Transport: its methods do what those
// of a *netio.Conn do.
type Conn struct {
	*link
	network *Network

	in, out     *stream
	rd, wr      half
	closed      bool        // guarded by mu
	registered  atomic.Bool // it has waited on a goroutine, or was shared
	drained     bool        // the last read found nothing more
	blocked     func()
	peer, local netaddr.Addr

	parking
}

// newConn makes the end of l that reads from in and writes to out.
func newConn(n *Network, l *link, in, out *stream, peer, local netaddr.Addr) *Conn {
	c := &Conn{link: l, network: n, in: in, out: out, peer: peer, local: local}
	c.rd.closed, c.wr.closed = &c.closed, &c.closed
	return c
}

// Peer implements front.Transport.
func (c *Conn) Peer() *netaddr.Addr { return &c.peer }

// Local implements front.Transport.
func (c *Conn) Local() *netaddr.Addr { return &c.local }

// The settings of a socket that have no effect here.

// Fd returns what is no descriptor.
func (c *Conn) Fd() int { return -1 }

// TCPInfo implements front.Transport: there is none.
func (c *Conn) TCPInfo(*netaddr.TCPInfo) bool { return false }

// SendRoom implements front.Transport.
func (c *Conn) SendRoom() int { return math.MaxInt }

// SetNoDelay implements front.Transport.
func (c *Conn) SetNoDelay(bool) error { return nil }

// AckNow implements front.Transport.
func (c *Conn) AckNow() {}

// Spend implements front.Transport.
func (c *Conn) Spend() {}

// read waits until something is there, unless try is true, and reads it.
func (c *Conn) read(p []byte, peek, try bool) (n int, err error) {
	if err := c.awaitBytes(c.rd.timeout, try); err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err = c.take(c.in, p, peek)
	c.drained = err == netio.ErrAgain || n < len(p) && err == nil //nolint:errorlint // take returns it bare
	return n, err
}

// awaitBytes waits until a read would not wait; try: it does not.
func (c *Conn) awaitBytes(timeout time.Duration, try bool) error {
	if !try && !c.there() {
		c.registered.Store(true)
	}
	return c.wait(&c.rd, timeout, func() bool { return try || c.in.readable() })
}

// there reports whether a read would not wait.
func (c *Conn) there() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in.readable()
}

// Read implements front.Transport.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return c.read(p, false, false)
}

// TryRead implements front.Transport.
func (c *Conn) TryRead(p []byte) (int, error) { return c.read(p, false, true) }

// Peek implements front.Transport.
func (c *Conn) Peek(p []byte) (int, error) { return c.read(p, true, false) }

// TryPeek implements front.Transport.
func (c *Conn) TryPeek(p []byte) (int, error) { return c.read(p, true, true) }

// ReadPooled implements front.Transport.
func (c *Conn) ReadPooled(p *buf.Pool) (*buf.Buf, int, error) {
	var one [1]byte
	if _, err := c.Peek(one[:]); err != nil {
		return nil, 0, err
	}
	return c.TryReadPooled(p)
}

// TryReadPooled implements front.Transport.
func (c *Conn) TryReadPooled(p *buf.Pool) (*buf.Buf, int, error) {
	b := p.Get()
	n, err := c.TryRead(b.B)
	if err != nil {
		b.Free()
		return nil, 0, err
	}
	return b, n, nil
}

// WaitReadableFor implements front.Transport.
func (c *Conn) WaitReadableFor(d time.Duration) error { return c.awaitBytes(d, false) }

// Drained implements front.Transport.
func (c *Conn) Drained() bool { return c.drained }

// InQueue implements front.Transport.
func (c *Conn) InQueue() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.in.data)
}

// Quiet reports whether nothing can be read, and the peer is there.
func (c *Conn) Quiet() bool { return !c.there() }

// Write implements front.Transport.
func (c *Conn) Write(p []byte) (int, error) {
	return c.write(&c.wr, c.out, p, func() { c.registered.Store(true); c.Blocked() })
}

// WriteMore implements front.Transport.
func (c *Conn) WriteMore(p []byte) (int, error) { return c.Write(p) }

// Writev implements front.Transport.
func (c *Conn) Writev(vec ...[]byte) (sent int64, err error) {
	for i, p := range vec {
		n, err := c.Write(p)
		sent, vec[i] = sent+int64(n), p[n:]
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// Sendfile implements front.Transport.
func (c *Conn) Sendfile(fd int, off, n int64) (sent int64, err error) {
	b := make([]byte, min(n, 32<<10))
	for sent < n {
		m, err := syscall.Pread(fd, b[:min(n-sent, int64(len(b)))], off+sent)
		if err != nil {
			return sent, err
		}
		if m == 0 {
			return sent, io.ErrUnexpectedEOF
		}
		k, err := c.Write(b[:m])
		sent += int64(k)
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// OnBlocked implements front.Transport.
func (c *Conn) OnBlocked(fn func()) { c.blocked = fn }

// Blocked implements front.Transport.
func (c *Conn) Blocked() {
	if fn := c.blocked; fn != nil {
		c.blocked = nil
		fn()
	}
}

// SetReadTimeout implements front.Transport.
func (c *Conn) SetReadTimeout(d time.Duration) { c.rd.timeout = d }

// SetWriteTimeout implements front.Transport.
func (c *Conn) SetWriteTimeout(d time.Duration) { c.wr.timeout = d }

// SetReadDeadline implements front.Transport.
func (c *Conn) SetReadDeadline(t time.Time) error { c.setDeadline(t, &c.rd); return nil }

// SetWriteDeadline sets the time from which writes fail.
func (c *Conn) SetWriteDeadline(t time.Time) error { c.setDeadline(t, &c.wr); return nil }

// SetDeadline implements front.Transport.
func (c *Conn) SetDeadline(t time.Time) error { c.setDeadline(t, &c.rd, &c.wr); return nil }

// Interrupt makes reads and writes fail from now on.
func (c *Conn) Interrupt() { _ = c.SetDeadline(time.Unix(1, 0)) }

// Share implements front.Transport.
func (c *Conn) Share() error { c.registered.Store(true); return nil }

// Registered implements front.Transport.
func (c *Conn) Registered() bool { return c.registered.Load() }

// PeerClosed implements front.Transport.
func (c *Conn) PeerClosed() bool {
	gone, _ := c.HungUp()
	return gone
}

// HungUp implements front.Transport.
func (c *Conn) HungUp() (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in.fin, c.in.err
}

// CloseWrite implements front.Transport.
func (c *Conn) CloseWrite() error { return c.finish(&c.wr, c.out) }

// Close implements front.Transport.
func (c *Conn) Close() error { return c.close(&c.rd, c.in, c.out, false) }

// Abort implements front.Transport.
func (c *Conn) Abort() error { return c.close(&c.rd, c.in, c.out, true) }

// Release implements front.Transport.
func (c *Conn) Release() { _ = c.Close() }
