//go:build unix && !linux

package raw

import (
	"errors"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// errno reduces an error of package unix to its number.
func errno(err error) syscall.Errno {
	if err == nil {
		return 0
	}
	var e syscall.Errno
	if errors.As(err, &e) {
		return e
	}
	return syscall.EIO
}

func encode(a *Addr) unix.Sockaddr {
	if a.Unix {
		return &unix.SockaddrUnix{Name: a.Path}
	}
	if ip := a.IP.Addr(); ip.Is6() {
		return &unix.SockaddrInet6{Port: int(a.IP.Port()), Addr: ip.As16()}
	}
	s := &unix.SockaddrInet4{Port: int(a.IP.Port())}
	if ip := a.IP.Addr(); ip.Is4() {
		s.Addr = ip.As4()
	}
	return s
}

func decode(s unix.Sockaddr, a *Addr) {
	*a = Addr{}
	switch s := s.(type) {
	case *unix.SockaddrInet4:
		a.IP = netip.AddrPortFrom(netip.AddrFrom4(s.Addr), uint16(s.Port))
	case *unix.SockaddrInet6:
		a.IP = netip.AddrPortFrom(netip.AddrFrom16(s.Addr), uint16(s.Port))
	case *unix.SockaddrUnix:
		a.Unix, a.Path = true, s.Name
	}
}

// prepare makes a new descriptor non-blocking and close-on-exec.
func prepare(fd int) (int, syscall.Errno) {
	unix.CloseOnExec(fd)
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return -1, errno(err)
	}
	return fd, 0
}

// Socket makes a non-blocking, close-on-exec socket for addresses like a.
// kind is Stream or Datagram; Multipath answers EPROTONOSUPPORT.
func Socket(a *Addr, kind int) (int, syscall.Errno) {
	family, typ := a.family(), unix.SOCK_STREAM
	switch kind {
	case Datagram:
		typ = unix.SOCK_DGRAM
	case Multipath:
		return -1, syscall.EPROTONOSUPPORT
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(family, typ, 0)
	if err != nil {
		return -1, errno(err)
	}
	return prepare(fd)
}

// Connect starts a connection. EINPROGRESS means that the socket becomes
// writable when the outcome is known; a second Connect then tells it: 0 or
// EISCONN, or the reason of the failure.
func Connect(fd int, a *Addr) syscall.Errno {
	e := errno(unix.Connect(fd, encode(a)))
	if e == syscall.EINVAL || e == syscall.EISCONN {
		if v, e2 := GetInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); e2 == 0 && v != 0 {
			return syscall.Errno(v)
		}
	}
	return e
}

// Bind gives the socket its local address.
func Bind(fd int, a *Addr) syscall.Errno { return errno(unix.Bind(fd, encode(a))) }

// Accept takes one connection off a listening socket, non-blocking and
// close-on-exec, and stores the address of its peer.
func Accept(fd int, peer *Addr) (int, syscall.Errno) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	nfd, sa, err := unix.Accept(fd)
	if err != nil {
		return -1, errno(err)
	}
	decode(sa, peer)
	return prepare(nfd)
}

// Local reads the address the socket is bound to.
func Local(fd int, a *Addr) syscall.Errno {
	sa, err := unix.Getsockname(fd)
	decode(sa, a)
	return errno(err)
}

// Remote reads the address of the socket's peer.
func Remote(fd int, a *Addr) syscall.Errno {
	sa, err := unix.Getpeername(fd)
	decode(sa, a)
	return errno(err)
}

// SetInt sets an integer socket option.
func SetInt(fd, level, opt, value int) syscall.Errno {
	return errno(unix.SetsockoptInt(fd, level, opt, value))
}

// SetLinger makes close drop what is unsent and answer with RST when seconds
// is 0.
func SetLinger(fd, seconds int) syscall.Errno {
	l := unix.Linger{Onoff: 1, Linger: int32(seconds)}
	return errno(unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &l))
}

// GetInt reads an integer socket option.
func GetInt(fd, level, opt int) (int, syscall.Errno) {
	v, err := unix.GetsockoptInt(fd, level, opt)
	return v, errno(err)
}

// Close closes a descriptor that has no other user.
func Close(fd int) syscall.Errno { return errno(unix.Close(fd)) }

// Shutdown closes one direction: unix.SHUT_RD, SHUT_WR or SHUT_RDWR.
func Shutdown(fd, how int) syscall.Errno { return errno(unix.Shutdown(fd, how)) }

// Read takes what has arrived; 0 without an error is the end of the stream.
func Read(fd int, p []byte) (int, syscall.Errno) {
	n, err := unix.Read(fd, p)
	return max(n, 0), errno(err)
}

// Peek is Read that leaves the bytes where they are.
func Peek(fd int, p []byte) (int, syscall.Errno) {
	n, _, err := unix.Recvfrom(fd, p, unix.MSG_PEEK)
	return max(n, 0), errno(err)
}

// Write hands bytes to the socket; more is a hint that has no effect here. It
// may take fewer than given.
func Write(fd int, p []byte, _ bool) (int, syscall.Errno) {
	n, err := unix.Write(fd, p)
	return max(n, 0), errno(err)
}

// MaxVec is how many slices one Writev looks at.
const MaxVec = 16

// Writev gathers up to MaxVec slices into one call.
func Writev(fd int, vec [][]byte, _ bool) (int, syscall.Errno) {
	n, err := unix.SendmsgBuffers(fd, vec[:min(len(vec), MaxVec)], nil, nil, 0)
	return max(n, 0), errno(err)
}

// HungUp tells whether the peer has closed the connection and nothing waits to
// be read, and the error pending on the socket.
func HungUp(fd int) (bool, syscall.Errno) {
	var one [1]byte
	n, e := Peek(fd, one[:])
	if n > 0 || e == syscall.EAGAIN {
		return false, 0
	}
	return true, e
}

// PeerClosed is HungUp without the error, which is lost.
func PeerClosed(fd int) bool {
	gone, _ := HungUp(fd)
	return gone
}

// Queued is known on Linux only.
func Queued(int) (int, syscall.Errno) { return 0, syscall.ENOSYS }

// SendRoom is known on Linux alone.
func SendRoom(int) (int, syscall.Errno) { return 0, syscall.ENOSYS }
