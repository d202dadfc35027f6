package raw

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	sizeInet4 = unix.SizeofSockaddrInet4
	sizeInet6 = unix.SizeofSockaddrInet6
	pathOff   = 2 // where sun_path begins in sockaddr_un
	pathMax   = 108
)

// sockaddr is the kernel's form of an address, big enough for any family.
type sockaddr struct {
	b [unix.SizeofSockaddrAny]byte
	n uint32
}

// encode writes a in the kernel's form; it answers ENAMETOOLONG or EINVAL for
// an address that has none.
func (s *sockaddr) encode(a *Addr) syscall.Errno {
	if a.Unix {
		if len(a.Path) >= pathMax {
			return syscall.ENAMETOOLONG
		}
		binary.NativeEndian.PutUint16(s.b[:], unix.AF_UNIX)
		n := copy(s.b[pathOff:], a.Path)
		s.b[pathOff+n] = 0
		s.n = uint32(pathOff + n + 1)
		return 0
	}
	ip := a.IP.Addr()
	binary.BigEndian.PutUint16(s.b[2:], a.IP.Port())
	switch {
	case ip.Is4():
		binary.NativeEndian.PutUint16(s.b[:], unix.AF_INET)
		v := ip.As4()
		copy(s.b[4:], v[:])
		s.n = sizeInet4
	case ip.Is6():
		binary.NativeEndian.PutUint16(s.b[:], unix.AF_INET6)
		v := ip.As16()
		copy(s.b[8:], v[:])
		s.n = sizeInet6
	default:
		return syscall.EINVAL
	}
	return 0
}

// decode reads the kernel's form into a; an unknown family gives the zero Addr.
func (s *sockaddr) decode(a *Addr) {
	*a = Addr{}
	if s.n < 2 {
		return
	}
	switch binary.NativeEndian.Uint16(s.b[:]) {
	case unix.AF_INET:
		port := binary.BigEndian.Uint16(s.b[2:])
		a.IP = netip.AddrPortFrom(netip.AddrFrom4([4]byte(s.b[4:8])), port)
	case unix.AF_INET6:
		port := binary.BigEndian.Uint16(s.b[2:])
		a.IP = netip.AddrPortFrom(netip.AddrFrom16([16]byte(s.b[8:24])), port)
	case unix.AF_UNIX:
		a.Unix = true
		end := pathOff
		for end < min(int(s.n), len(s.b)) && (s.b[end] != 0 || end == pathOff) {
			end++
		}
		if end > pathOff && s.b[pathOff] != 0 {
			a.Path = string(s.b[pathOff:end])
		}
	}
}

// Socket makes a non-blocking, close-on-exec socket for addresses like a.
// kind is Stream, Datagram or Multipath.
func Socket(a *Addr, kind int) (int, syscall.Errno) {
	family, typ, proto := a.family(), unix.SOCK_STREAM, 0
	switch kind {
	case Datagram:
		typ = unix.SOCK_DGRAM
	case Multipath:
		proto = unix.IPPROTO_MPTCP
	}
	fd, _, e := syscall.RawSyscall(unix.SYS_SOCKET, uintptr(family),
		uintptr(typ|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC), uintptr(proto))
	return int(fd), e
}

// Connect starts a connection. EINPROGRESS means that the socket becomes
// writable when the outcome is known; a second Connect then tells it: 0 or
// EISCONN, or the reason of the failure.
func Connect(fd int, a *Addr) syscall.Errno {
	var s sockaddr
	if e := s.encode(a); e != 0 {
		return e
	}
	_, _, e := syscall.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&s.b)), uintptr(s.n))
	return e
}

// Bind gives the socket its local address. A unix socket's file is made by
// this call, so it may touch a disk.
func Bind(fd int, a *Addr) syscall.Errno {
	var s sockaddr
	if e := s.encode(a); e != 0 {
		return e
	}
	_, _, e := syscall.Syscall(unix.SYS_BIND, uintptr(fd), uintptr(unsafe.Pointer(&s.b)), uintptr(s.n))
	return e
}

// Accept takes one connection off a listening socket, non-blocking and
// close-on-exec, and stores the address of its peer.
func Accept(fd int, peer *Addr) (int, syscall.Errno) {
	var s sockaddr
	s.n = uint32(len(s.b))
	nfd, _, e := syscall.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(&s.b)),
		uintptr(unsafe.Pointer(&s.n)), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if e != 0 {
		return -1, e
	}
	s.decode(peer)
	return int(nfd), 0
}

// Local reads the address the socket is bound to.
func Local(fd int, a *Addr) syscall.Errno { return name(unix.SYS_GETSOCKNAME, fd, a) }

// Remote reads the address of the socket's peer.
func Remote(fd int, a *Addr) syscall.Errno { return name(unix.SYS_GETPEERNAME, fd, a) }

func name(call uintptr, fd int, a *Addr) syscall.Errno {
	var s sockaddr
	s.n = uint32(len(s.b))
	_, _, e := syscall.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&s.b)), uintptr(unsafe.Pointer(&s.n)))
	if e == 0 {
		s.decode(a)
	}
	return e
}

// SetInt sets an integer socket option.
func SetInt(fd, level, opt, value int) syscall.Errno {
	v := int32(value)
	_, _, e := syscall.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), uintptr(opt),
		uintptr(unsafe.Pointer(&v)), unsafe.Sizeof(v), 0)
	return e
}

// SetLinger makes close drop what is unsent and answer with RST when seconds
// is 0.
func SetLinger(fd, seconds int) syscall.Errno {
	l := unix.Linger{Onoff: 1, Linger: int32(seconds)}
	_, _, e := syscall.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_LINGER,
		uintptr(unsafe.Pointer(&l)), unsafe.Sizeof(l), 0)
	return e
}

// GetInt reads an integer socket option.
func GetInt(fd, level, opt int) (int, syscall.Errno) {
	var v int32
	n := uint32(unsafe.Sizeof(v))
	_, _, e := syscall.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), uintptr(level), uintptr(opt),
		uintptr(unsafe.Pointer(&v)), uintptr(unsafe.Pointer(&n)), 0)
	return int(v), e
}

// Close closes a descriptor that has no other user.
func Close(fd int) syscall.Errno {
	_, _, e := syscall.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	return e
}

// Shutdown closes one direction: unix.SHUT_RD, SHUT_WR or SHUT_RDWR.
func Shutdown(fd, how int) syscall.Errno {
	_, _, e := syscall.RawSyscall(unix.SYS_SHUTDOWN, uintptr(fd), uintptr(how), 0)
	return e
}

// SendRoom is how many bytes more the socket's send buffer takes. That includes what the
// kernel itself needs to keep them.
func SendRoom(fd int) (int, syscall.Errno) {
	var mem [unix.SK_MEMINFO_VARS]uint32
	n := uint32(unsafe.Sizeof(mem))
	_, _, e := syscall.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&mem)), uintptr(unsafe.Pointer(&n)), 0)
	used := max(mem[unix.SK_MEMINFO_WMEM_QUEUED], mem[unix.SK_MEMINFO_WMEM_ALLOC]) // the latter of a unix socket
	return int(mem[unix.SK_MEMINFO_SNDBUF]) - int(used), e
}

// TCPInfo reads the kernel's figures about a TCP connection.
func TCPInfo(fd int, info *unix.TCPInfo) syscall.Errno {
	n := uint32(unsafe.Sizeof(*info))
	_, _, e := syscall.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_TCP, unix.TCP_INFO,
		uintptr(unsafe.Pointer(info)), uintptr(unsafe.Pointer(&n)), 0)
	return e
}
