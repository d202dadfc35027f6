package front

import (
	"io"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// PooledReader is netio's: what a request that takes its connection over reads from.
type PooledReader = netio.PooledReader

// IdlePoller is netio's: what may watch for the end of such a connection.
type IdlePoller = netio.IdlePoller

// Transport is the connected socket of a client: a *netio.Conn, which describes the
// methods. A test has one in memory.
type Transport interface {
	io.ReadWriteCloser
	Socket
	Peer() *netaddr.Addr
	Fd() int

	// Reading.
	Peek(p []byte) (int, error)
	TryPeek(p []byte) (int, error)
	TryRead(p []byte) (int, error)
	ReadPooled(p *buf.Pool) (*buf.Buf, int, error)
	TryReadPooled(p *buf.Pool) (*buf.Buf, int, error)
	WaitReadableFor(d time.Duration) error
	Drained() bool
	InQueue() int
	Spend()

	// Writing.
	WriteMore(p []byte) (int, error)
	Writev(vec ...[]byte) (int64, error)
	Sendfile(fd int, off, n int64) (int64, error)
	OnBlocked(fn func())
	Blocked()
	SetNoDelay(on bool) error
	AckNow()
	CloseWrite() error

	// The time that waits may take, and their end from another goroutine.
	SetReadTimeout(d time.Duration)
	SetWriteTimeout(d time.Duration)
	SetReadDeadline(t time.Time) error
	SetDeadline(t time.Time) error
	Share() error
	Registered() bool

	// Waiting without a goroutine, and noticing that the client has left.
	Park(pl *netio.IdlePoller, timeout time.Duration, resume func(*netio.Conn, netio.Event)) error
	ParkAgain(pl *netio.IdlePoller) error
	ParkBusy(pl *netio.IdlePoller, resume func(*netio.Conn, netio.Event)) error
	Unpark() bool
	ParkedAt() int64
	ResumedAt() int64
	SeenRecalls(pl *netio.IdlePoller)
	OnHangup(pl *netio.IdlePoller, fn func()) bool
	WatchEnd(pl *netio.IdlePoller) error
	PeerClosed() bool
	HungUp() (bool, error)

	Abort() error
	Release()
}
