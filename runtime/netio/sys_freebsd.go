package netio

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

const (
	tcpCork      = unix.TCP_NOPUSH
	tcpQuickAck  = 0 // Linux alone has it
	tcpKeepIdle  = unix.TCP_KEEPIDLE
	keepIdleName = "TCP_KEEPIDLE"
	sockFIB      = unix.SO_SETFIB
)

func tcpInfo(int, *netaddr.TCPInfo) syscall.Errno { return syscall.ENOPROTOOPT }

func setTransparent(fd int, v6 bool) (string, syscall.Errno) {
	if v6 {
		return "IPV6_BINDANY", raw.SetInt(fd, unix.IPPROTO_IPV6, unix.IPV6_BINDANY, 1)
	}
	return "IP_BINDANY", raw.SetInt(fd, unix.IPPROTO_IP, unix.IP_BINDANY, 1)
}

func setBindNoPort(int) {}

// setDeferred installs or removes an accept filter: "httpready" or "dataready".
func setDeferred(fd int, on bool, filter string) (string, syscall.Errno) {
	op := "setsockopt(SO_ACCEPTFILTER, NULL) for "
	arg := ""
	if on {
		// struct accept_filter_arg: a name of 16 bytes and an argument of 240.
		b := make([]byte, 256)
		copy(b[:15], filter)
		arg = string(b)
		op = "setsockopt(SO_ACCEPTFILTER, \"" + filter + "\") for "
	}
	err := unix.SetsockoptString(fd, unix.SOL_SOCKET, unix.SO_ACCEPTFILTER, arg)
	e, _ := err.(syscall.Errno) //nolint:errorlint // package unix returns bare numbers
	return op, e
}

// deferred tells whether an accept filter is installed: reading it fails
// otherwise.
func deferred(fd int) bool {
	_, err := unix.GetsockoptString(fd, unix.SOL_SOCKET, unix.SO_ACCEPTFILTER)
	return err == nil
}

// soReusePortLB shares connections out among the sockets; plain SO_REUSEPORT
// would give them all to the last one.
const soReusePortLB = 0x00010000

func setReusePort(fd int) (string, syscall.Errno) {
	return "SO_REUSEPORT_LB", raw.SetInt(fd, unix.SOL_SOCKET, soReusePortLB, 1)
}

func setFastOpen(fd, queue int) syscall.Errno {
	return raw.SetInt(fd, unix.IPPROTO_TCP, unix.TCP_FASTOPEN, queue)
}
