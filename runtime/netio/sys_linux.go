package netio

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

const (
	tcpCork      = unix.TCP_CORK
	tcpQuickAck  = unix.TCP_QUICKACK
	tcpKeepIdle  = unix.TCP_KEEPIDLE
	keepIdleName = "TCP_KEEPIDLE"
	sockFIB      = 0 // SO_SETFIB is FreeBSD's
)

func tcpInfo(fd int, info *netaddr.TCPInfo) syscall.Errno {
	var k unix.TCPInfo
	e := raw.TCPInfo(fd, &k)
	*info = netaddr.TCPInfo{RTT: k.Rtt, RTTVar: k.Rttvar, SndCwnd: k.Snd_cwnd, RcvSpace: k.Rcv_space}
	return e
}

// setTransparent lets the socket have a local address that is not this
// machine's (proxy_bind ... transparent).
func setTransparent(fd int, v6 bool) (string, syscall.Errno) {
	if v6 {
		return "IPV6_TRANSPARENT", raw.SetInt(fd, unix.IPPROTO_IPV6, unix.IPV6_TRANSPARENT, 1)
	}
	return "IP_TRANSPARENT", raw.SetInt(fd, unix.IPPROTO_IP, unix.IP_TRANSPARENT, 1)
}

// setBindNoPort puts off the choice of the local port until connect, when it
// need be unique only together with the destination.
func setBindNoPort(fd int) {
	_ = raw.SetInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
}

// setDeferred makes accept wait for data (listen ... deferred). The kernel
// counts in seconds; one is as short as it goes, and nginx's choice.
func setDeferred(fd int, on bool, _ string) (string, syscall.Errno) {
	v := boolInt(on)
	op := "setsockopt(TCP_DEFER_ACCEPT, 0) for "
	if on {
		op = "setsockopt(TCP_DEFER_ACCEPT, 1) for "
	}
	return op, raw.SetInt(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, v)
}

// deferred tells what setDeferred has set.
func deferred(fd int) bool {
	v, e := raw.GetInt(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT)
	return e == 0 && v != 0
}

func setReusePort(fd int) (string, syscall.Errno) {
	return "SO_REUSEPORT", raw.SetInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
}

func setFastOpen(fd, queue int) syscall.Errno {
	return raw.SetInt(fd, unix.IPPROTO_TCP, unix.TCP_FASTOPEN, queue)
}
