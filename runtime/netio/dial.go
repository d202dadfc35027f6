package netio

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// DialSpec says where to connect to and how. It is only read: one spec serves
// any number of Dials at once.
type DialSpec struct {
	Addr        netaddr.Addr      // the destination
	Bind        netaddr.Addr      // local address (proxy_bind); the zero Addr leaves the choice to the kernel
	Transparent bool              // Bind may be a foreign address
	Keepalive   netaddr.Keepalive // proxy_socket_keepalive
	RcvBuf      int               // SO_RCVBUF in bytes, 0: the system's
	SndBuf      int               // SO_SNDBUF in bytes, 0: the system's
	NoDelay     bool              // TCP_NODELAY from the beginning
	Timeout     time.Duration     // proxy_connect_timeout; 0: none
}

// Dial connects and waits for the outcome. A peer that refuses gives the bare
// syscall.Errno (nginx's "connect() failed (111: Connection refused)"), one that
// cannot be tried a ConnectError, one that stays silent ErrTimeout, a failed
// local bind an *OpError. It allocates nothing but the Conn.
func Dial(spec *DialSpec) (*Conn, error) {
	c, err := Begin(spec)
	if err != nil {
		return nil, err
	}
	if err := c.Connect(spec.Timeout); err != nil {
		c.Release()
		return nil, err
	}
	return c, nil
}

// Begin is the part of Dial that does not wait: it makes a Conn that Connect is to
// connect. The errors are Dial's; spec.Timeout is not used.
func Begin(spec *DialSpec) (*Conn, error) {
	fd, e := raw.Socket(spec.Addr.Raw(), raw.Stream)
	if e != 0 {
		return nil, &OpError{Op: "socket()", Errno: e}
	}
	if err := spec.prepare(fd); err != nil {
		_ = syscall.Close(fd)
		return nil, err
	}
	c := newConn(fd)
	c.peer = spec.Addr
	c.noDelay = spec.NoDelay && !spec.Addr.IsUnix()
	return c, nil
}

// Connect connects a Conn that Begin made, and waits for at most timeout; 0: for
// ever. On an error, which is one of Dial's, the Conn stays the caller's.
func (c *Conn) Connect(timeout time.Duration) error {
	c.wr.timeout.set(timeout)
	c.write = writeOp{kind: opConnect}
	_, err := c.doWrite()
	c.wr.timeout.set(0)
	return err
}

// prepare sets what must be set before connect.
func (s *DialSpec) prepare(fd int) error {
	if s.RcvBuf > 0 {
		_ = raw.SetInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, s.RcvBuf)
	}
	if s.SndBuf > 0 {
		_ = raw.SetInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, s.SndBuf)
	}
	if s.NoDelay && !s.Addr.IsUnix() {
		_ = raw.SetInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if s.Keepalive != (netaddr.Keepalive{}) && !s.Addr.IsUnix() {
		setKeepalive(s.Keepalive, func(_ string, level, name, value int) {
			_ = raw.SetInt(fd, level, name, value)
		})
	}
	if !s.Bind.IsValid() {
		return nil
	}
	if s.Transparent {
		if label, e := setTransparent(fd, s.Bind.IP().Is6()); e != 0 {
			return &OpError{Op: "setsockopt(" + label + ")", Errno: e}
		}
	}
	if s.Bind.Port() == 0 && !s.Addr.IsUnix() {
		setBindNoPort(fd)
	}
	if e := raw.Bind(fd, s.Bind.Raw()); e != 0 {
		return &OpError{Op: "bind(" + s.Bind.String() + ")", Errno: e}
	}
	return nil
}
