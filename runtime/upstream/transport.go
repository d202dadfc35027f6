package upstream

import (
	"io"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Transport is the socket of a connection to a peer: a *netio.Conn, which describes the
// methods. A test has one in memory, see Group.Dial.
type Transport interface {
	io.ReadWriter
	Connect(timeout time.Duration) error
	Fd() int

	// Reading.
	ReadPooled(p *buf.Pool) (*buf.Buf, int, error)
	TryRead(p []byte) (int, error)
	TryPeek(p []byte) (int, error)
	Ask(now int64, q []byte, p *buf.Pool) (b *buf.Buf, n, sent int, err error)
	Drained() bool
	Quiet() bool
	InQueue() int

	// Writing.
	WriteMore(p []byte) (int, error)
	Writev(vec ...[]byte) (int64, error)
	Sendfile(fd int, off, n int64) (int64, error)
	SetNoDelay(on bool) error
	SendRoom() int

	// The time that waits may take, and their end from another goroutine.
	SetReadTimeout(d time.Duration)
	SetWriteTimeout(d time.Duration)
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
	Interrupt()

	Release()
}

// Connection is Begin for a connection to a peer of the group.
func (g *Group) Connection(spec *netio.DialSpec, key *Key) (*Conn, error) {
	if g.Dial != nil {
		return newConn(g.Dial(spec.Addr), spec.Addr, key), nil
	}
	return Begin(spec, key)
}
