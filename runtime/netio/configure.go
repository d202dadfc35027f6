package netio

import (
	"errors"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Configure sets the options that can change while the socket lives: buffer
// sizes, keepalive, backlog, deferred accepts. Listen does it for a new socket,
// a reload for one that stays, a binary upgrade for one that was inherited.
// What fails is passed to warn (which may be nil) in nginx's words and
// otherwise ignored.
func (l *Listener) Configure(spec *netaddr.ListenSpec, warn func(error)) {
	wasDeferred := l.spec.Deferred || l.spec.AcceptFilter != ""
	addr := l.addr
	l.spec = *spec
	l.spec.Addr = addr
	l.noDelay.Store(spec.NoDelay)

	name := addr.String()
	set := func(label string, level, opt, value int) {
		if e := raw.SetInt(l.fd, level, opt, value); e != 0 {
			op := "setsockopt(" + label + ", " + strconv.Itoa(value) + ") " + name
			tell(warn, &OpError{Op: op, Errno: e, Note: ", ignored"})
		}
	}
	if spec.RcvBuf > 0 {
		set("SO_RCVBUF", unix.SOL_SOCKET, unix.SO_RCVBUF, spec.RcvBuf)
	}
	if spec.SndBuf > 0 {
		set("SO_SNDBUF", unix.SOL_SOCKET, unix.SO_SNDBUF, spec.SndBuf)
	}
	if spec.FIB > 0 && sockFIB != 0 {
		set("SO_SETFIB", unix.SOL_SOCKET, sockFIB, spec.FIB)
	}
	if addr.IsUnix() || spec.Datagram {
		return
	}
	setKeepalive(spec.Keepalive, set)
	if spec.NoDelay {
		set("TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if spec.FastOpen > 0 {
		if e := setFastOpen(l.fd, spec.FastOpen); e != 0 {
			op := "setsockopt(TCP_FASTOPEN, " + strconv.Itoa(spec.FastOpen) + ") " + name
			tell(warn, &OpError{Op: op, Errno: e, Note: ", ignored"})
		}
	}
	if !l.silent {
		if err := syscall.Listen(l.fd, spec.QueueLength()); err != nil {
			op := "listen() to " + name + ", backlog " + strconv.Itoa(spec.QueueLength())
			tell(warn, &OpError{Op: op, Errno: errnoOf(err), Note: ", ignored"})
		}
	}
	deferred := spec.Deferred || spec.AcceptFilter != ""
	if deferred || wasDeferred {
		if op, e := setDeferred(l.fd, deferred, spec.AcceptFilter); e != 0 {
			tell(warn, &OpError{Op: op + name, Errno: e, Note: ", ignored"})
		}
	}
}

func tell(warn func(error), err error) {
	if warn != nil {
		warn(err)
	}
}

// errnoOf finds the error number in err, EIO if there is none.
func errnoOf(err error) syscall.Errno {
	var e syscall.Errno
	if errors.As(err, &e) {
		return e
	}
	return syscall.EIO
}
