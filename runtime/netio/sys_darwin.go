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
	tcpKeepIdle  = unix.TCP_KEEPALIVE
	keepIdleName = "TCP_KEEPALIVE"
	sockFIB      = 0 // SO_SETFIB is FreeBSD's
)

func tcpInfo(int, *netaddr.TCPInfo) syscall.Errno { return syscall.ENOPROTOOPT }

func setTransparent(int, bool) (string, syscall.Errno) {
	return "IP_TRANSPARENT", syscall.ENOPROTOOPT
}

func setBindNoPort(int) {}

func setDeferred(_ int, on bool, _ string) (string, syscall.Errno) {
	if !on {
		return "", 0
	}
	return "setsockopt(SO_ACCEPTFILTER) for ", syscall.ENOPROTOOPT
}

func deferred(int) bool { return false }

func setReusePort(fd int) (string, syscall.Errno) {
	return "SO_REUSEPORT", raw.SetInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
}

func setFastOpen(fd, _ int) syscall.Errno {
	return raw.SetInt(fd, unix.IPPROTO_TCP, unix.TCP_FASTOPEN, 1)
}
