package netio

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Conn is one connected socket: a client's or an upstream's. It implements
// net.Conn; the other methods are what the request path uses.
//
// Ownership: a Conn has one owner. At most one goroutine reads and one writes at a
// time. Once the Conn has waited for something, or after Share, any goroutine may
// call Close, SetDeadline, SetReadDeadline and SetWriteDeadline, also during a read
// or a write; all other methods belong to the owner. The owner ends with Release,
// when no other goroutine holds the Conn any more. Without Release the memory is left
// to the garbage collector.
type Conn struct {
	_ noCopy

	// What every request uses comes first, in few cache lines: with many connections these
	// are not in the processor's cache when a request comes.

	fd int
	// An accepted Conn is registered with the runtime's poller when it first has to
	// wait: many short connections never wait, and save the registration.
	registered atomic.Bool
	closed     atomic.Bool
	drained    bool // the last read found nothing more
	noDelay    bool
	cork       bool
	haveLocal  bool
	blocked    func() // of OnBlocked
	parked     parking
	rd         half
	wr         half

	read  readOp
	rc    syscall.RawConn // of file
	write writeOp

	// User is the owner's: what a resumed connection needs to find its state
	// again. Release clears it.
	User any

	registry sync.Mutex
	file     *os.File // once registered: holds the descriptor and its place in the poller
	ctl      option
	peer     netaddr.Addr
	local    netaddr.Addr
	maxChunk int64 // sendfile_max_chunk

	// Method values, bound once in the life of a pooled Conn.
	onRead   func(uintptr) bool
	onWrite  func(uintptr) bool
	onOption func(uintptr)
}

// noCopy lets go vet find copies of a type that must not be copied.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// conns keeps released Conns for reuse.
var conns = sync.Pool{New: func() any {
	c := new(Conn)
	c.onRead, c.onWrite, c.onOption = c.tryRead, c.tryWrite, c.setOption
	c.rd.c, c.wr.c = c, c
	c.parked.run = c.resume
	return c
}}

// defaultChunk is nginx's default for sendfile_max_chunk.
const defaultChunk = 2 << 20

// newConn wraps a non-blocking socket. It owns fd from here on.
func newConn(fd int) *Conn {
	c := conns.Get().(*Conn)
	c.fd = fd
	c.maxChunk = defaultChunk
	c.closed.Store(false) // a late Close may have reached it in the pool
	return c
}

// register registers the socket with the runtime's poller. Before another goroutine
// uses or closes a Conn that has never waited, the owner calls Share.
func (c *Conn) register() error {
	c.registry.Lock()
	defer c.registry.Unlock()
	if c.registered.Load() {
		return nil
	}
	if c.closed.Load() {
		return ErrClosed
	}
	file := os.NewFile(uintptr(c.fd), "socket")
	rc, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		c.closed.Store(true)
		return err
	}
	c.file, c.rc = file, rc
	c.registered.Store(true)
	return nil
}

// Registered reports whether the socket is registered with the runtime's poller: c
// has waited for something, other than parked, or was shared.
func (c *Conn) Registered() bool { return c.registered.Load() }

// Share prepares c for a second goroutine: from then on Close and the
// deadlines may be called by anyone. An idle poller goes on to watch c for its end alone, see
// WatchEnd; one that watches for bytes does not, and forgets what OnHangup was given.
func (c *Conn) Share() error {
	if c.parked.watched() {
		c.unwatch()
	}
	return c.register()
}

// FromFD takes over a connected socket, e.g. one end of a socketpair or an
// inherited descriptor. The descriptor is made non-blocking and belongs to the
// Conn, also when an error is returned.
func FromFD(fd int) (*Conn, error) {
	if err := syscall.SetNonblock(fd, true); err != nil {
		_ = syscall.Close(fd)
		return nil, err
	}
	c := newConn(fd)
	if err := c.register(); err != nil {
		return nil, err
	}
	_ = raw.Remote(fd, c.peer.Raw())
	return c, nil
}

// Release closes the Conn if need be and gives its memory back. c must not be used
// afterwards.
func (c *Conn) Release() {
	_ = c.Close()
	c.User = nil
	c.file, c.rc, c.fd = nil, nil, -1
	c.registered.Store(false)
	c.rd.reset()
	c.wr.reset()
	c.read, c.write = readOp{}, writeOp{}
	c.peer, c.local, c.haveLocal = netaddr.Addr{}, netaddr.Addr{}, false
	c.drained, c.noDelay, c.cork, c.blocked = false, false, false, nil
	c.parked.reset()
	conns.Put(c) // still marked as closed: a late Close does nothing
}

// Close closes the socket; readers and writers that wait return ErrClosed.
// Only the first call does anything, the others return ErrClosed.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return ErrClosed
	}
	defer c.overStream()
	c.registry.Lock()
	defer c.registry.Unlock()
	c.unwatchClosed()
	if c.registered.Load() {
		return c.file.Close()
	}
	if e := raw.Close(c.fd); e != 0 {
		return e
	}
	return nil
}

// Abort closes the socket so that the peer gets a reset (RST) and unsent data
// is dropped: nginx's reset_timedout_connection, and "return 444" with it.
func (c *Conn) Abort() error {
	_ = c.option(option{kind: optLinger})
	return c.Close()
}

// CloseWrite ends the outgoing direction (FIN); reading goes on.
func (c *Conn) CloseWrite() error {
	if e := c.option(option{kind: optShutdown}); e != 0 {
		return e
	}
	return nil
}

// Fd is the descriptor, owned by the Conn and valid until Close.
func (c *Conn) Fd() int { return c.fd }

// Peer is the other side's address. It belongs to the Conn: copy it to keep it
// beyond Release.
func (c *Conn) Peer() *netaddr.Addr { return &c.peer }

// Local is this side's address, asked from the kernel once. It belongs to the
// Conn like Peer's result.
func (c *Conn) Local() *netaddr.Addr {
	if !c.haveLocal {
		c.haveLocal = c.option(option{kind: optLocal}) == 0
	}
	return &c.local
}

// RemoteAddr is a copy of Peer; for net.Conn.
func (c *Conn) RemoteAddr() net.Addr { a := c.peer; return &a }

// LocalAddr is a copy of Local; for net.Conn.
func (c *Conn) LocalAddr() net.Addr { a := *c.Local(); return &a }

// SetReadTimeout limits every following wait for incoming bytes to d, counted
// from the moment that wait begins; 0 waits for ever. It costs nothing until a
// wait needs a deadline earlier than the one that is armed: a connection that
// is busy touches the runtime's timer about once per d, not once per request.
func (c *Conn) SetReadTimeout(d time.Duration) { c.rd.timeout.set(d) }

// SetWriteTimeout limits the wait between two successive writes to d
// (send_timeout, proxy_send_timeout); 0 waits for ever. It is as cheap as
// SetReadTimeout.
func (c *Conn) SetWriteTimeout(d time.Duration) { c.wr.timeout.set(d) }

// SetReadDeadline makes reads fail with ErrTimeout from t on, those that wait
// already included; the zero Time lifts it. It works besides SetReadTimeout:
// the earlier of both counts.
func (c *Conn) SetReadDeadline(t time.Time) error {
	err := c.rd.setDeadline(t)
	if !t.IsZero() {
		c.endWait()
	}
	// A Stream waits in an idle poller: it ends also where the runtime's poller has not taken the descriptor.
	if c.parked.streams() && !t.IsZero() && !t.After(time.Now()) {
		c.overStream()
	}
	return err
}

// SetWriteDeadline is SetReadDeadline for writes.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.wr.setDeadline(t) }

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.wr.setDeadline(t)
}

// SetSendfileChunk limits how much one step of Sendfile hands to the kernel
// (sendfile_max_chunk); 0 is nginx's default, 2 MB.
func (c *Conn) SetSendfileChunk(n int64) {
	if n <= 0 {
		n = defaultChunk
	}
	c.maxChunk = n
}

// ReadPooled waits until bytes arrive and only then borrows a buffer of p to
// hold them: a connection that waits holds none. The caller frees the buffer;
// n bytes of it are filled. On error the buffer is nil (io.EOF: the peer has
// finished sending).
func (c *Conn) ReadPooled(p *buf.Pool) (b *buf.Buf, n int, err error) {
	c.rd.slice.spend()
	if !c.registered.Load() && c.rd.poller.Load() == nil {
		if b, n, err = c.readDirect(p); err != ErrAgain { //nolint:errorlint // it comes bare, and this is the hot path
			return b, n, err
		}
	}
	c.read = readOp{kind: opPooled, pool: p}
	n, err = c.pollRead()
	return c.pooled(n, err)
}

// TryReadPooled is ReadPooled without waiting: ErrAgain when nothing is there.
func (c *Conn) TryReadPooled(p *buf.Pool) (b *buf.Buf, n int, err error) {
	c.rd.slice.spend()
	if !c.registered.Load() {
		return c.readDirect(p)
	}
	c.read = readOp{kind: opPooled, pool: p, try: true}
	n, err = c.pollRead()
	return c.pooled(n, err)
}

// pooled takes the result of a read into a borrowed buffer.
func (c *Conn) pooled(n int, err error) (*buf.Buf, int, error) {
	b := c.read.b
	c.read = readOp{}
	if err != nil && b != nil {
		b.Free()
		b = nil
	}
	return b, n, err
}

// readDirect is TryReadPooled for a Conn that is not registered with the poller. No
// other goroutine can close it, so no readOp is needed.
func (c *Conn) readDirect(p *buf.Pool) (*buf.Buf, int, error) {
	c.parked.reading()
	b := p.Get()
	for {
		n, e := raw.Read(c.fd, b.B)
		if e == syscall.EINTR {
			continue
		}
		c.drained = e == syscall.EAGAIN || n > 0 && n < len(b.B)
		if n > 0 {
			return b, n, nil
		}
		b.Free()
		_, err := result(n, e)
		return nil, 0, err
	}
}

// Ask sends q and waits for the beginning of the answer, which it returns like
// ReadPooled. It is for a peer that sends nothing before it gets q: waiting at once
// saves a read that could find nothing. sent is how much of q the socket took; if
// that is not all, Ask has not waited, err is that of sending, if any, and the caller
// goes on with Write. What arrived before Ask may be noticed only when the read times out, but for
// a Conn of WaitIn.
// now is clock.Mono, from which the read timeout counts.
func (c *Conn) Ask(now int64, q []byte, p *buf.Pool) (b *buf.Buf, n, sent int, err error) {
	c.rd.slice.spend()
	op := &c.read // written in place: this frame stays while the goroutine waits
	*op = readOp{}
	op.kind, op.pool, op.ask, op.now = opPooled, p, q, now
	n, err = c.pollRead()
	b, sent = c.read.b, c.read.sent
	if sent < len(q) && errors.Is(err, io.EOF) {
		err = nil
	}
	c.read = readOp{}
	return b, n, sent, err
}

// Read waits until bytes arrive and copies them to p.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c.read = readOp{kind: opRead, p: p}
	return c.doRead()
}

// TryRead reads what is there; ErrAgain says that nothing is.
func (c *Conn) TryRead(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c.read = readOp{kind: opRead, p: p, try: true}
	return c.doRead()
}

// Peek waits until bytes arrive and copies them to p, leaving them unread.
func (c *Conn) Peek(p []byte) (int, error) {
	c.read = readOp{kind: opPeek, p: p}
	return c.doRead()
}

// TryPeek looks at what is there: n > 0 is unread data, ErrAgain a silent and
// living peer, io.EOF one that has finished, any other error a dead one.
func (c *Conn) TryPeek(p []byte) (int, error) {
	c.read = readOp{kind: opPeek, p: p, try: true}
	return c.doRead()
}

// HungUp reports whether the peer has finished sending or is gone, also while
// bytes it sent before wait to be read (Linux; elsewhere those hide it). The
// error is the one pending on the socket, if any.
func (c *Conn) HungUp() (bool, error) {
	gone, e := raw.HungUp(c.fd)
	if e != 0 {
		return gone, e
	}
	return gone, nil
}

// WaitReadable waits until a read would not: for bytes or the end of the stream.
// An error of the socket is returned, and taken from it.
func (c *Conn) WaitReadable() error {
	c.read = readOp{kind: opWaitRead}
	_, err := c.doRead()
	return err
}

// WaitReadableFor is WaitReadable with a timeout of its own, in place of
// SetReadTimeout's: the grace before an idle connection is parked. ErrTimeout
// says that nothing came.
func (c *Conn) WaitReadableFor(d time.Duration) error {
	old := c.rd.timeout.get()
	c.rd.timeout.set(d)
	err := c.WaitReadable()
	c.rd.timeout.set(old)
	return err
}
