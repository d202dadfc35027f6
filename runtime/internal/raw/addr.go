package raw

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// Addr is a socket address in a form that needs no allocation to decode,
// except for the path of a named unix socket.
type Addr struct {
	IP   netip.AddrPort // valid for AF_INET and AF_INET6
	Path string         // unix socket: its path, "" when it is not bound
	Unix bool           // the address is a unix socket's
}

// family is the address family of sockets for a.
func (a *Addr) family() int {
	switch {
	case a.Unix:
		return unix.AF_UNIX
	case a.IP.Addr().Is6():
		return unix.AF_INET6
	}
	return unix.AF_INET
}

// Flags for Socket.
const (
	// Stream is a connection: TCP or SOCK_STREAM.
	Stream = iota
	// Datagram is UDP or SOCK_DGRAM.
	Datagram
	// Multipath is TCP with several paths (MPTCP); Linux only.
	Multipath
)
