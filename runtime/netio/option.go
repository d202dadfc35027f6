package netio

import (
	"math"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

type optionKind uint8

const (
	optInt optionKind = iota
	optLinger
	optShutdown
	optLocal
	optQueue
	optInfo
	optRoom
)

// option is one look at or change of the socket, kept in the Conn while it runs
// so that no closure is made.
type option struct {
	kind  optionKind
	level int
	name  int
	value int
	info  *netaddr.TCPInfo
	e     syscall.Errno
}

// option runs o while the descriptor is held open.
func (c *Conn) option(o option) syscall.Errno {
	c.ctl = o
	if !c.registered.Load() {
		c.setOption(uintptr(c.fd))
		return c.ctl.e
	}
	if err := c.rc.Control(c.onOption); err != nil {
		return syscall.EBADF
	}
	return c.ctl.e
}

func (c *Conn) setOption(fd uintptr) {
	o, s := &c.ctl, int(fd)
	switch o.kind {
	case optInt:
		o.e = raw.SetInt(s, o.level, o.name, o.value)
	case optLinger:
		o.e = raw.SetLinger(s, 0)
	case optShutdown:
		o.e = raw.Shutdown(s, syscall.SHUT_WR)
	case optLocal:
		o.e = raw.Local(s, c.local.Raw())
	case optQueue:
		o.value, o.e = raw.Queued(s)
	case optRoom:
		o.value, o.e = raw.SendRoom(s)
	case optInfo:
		o.e = tcpInfo(s, o.info)
	}
}

func (c *Conn) setInt(level, name, value int) error {
	if e := c.option(option{level: level, name: name, value: value}); e != 0 {
		return e
	}
	return nil
}

func boolInt(on bool) int {
	if on {
		return 1
	}
	return 0
}

// SetNoDelay switches TCP_NODELAY (tcp_nodelay). It remembers the state, so
// asking for what is set already costs nothing; a unix socket ignores it.
func (c *Conn) SetNoDelay(on bool) error {
	if c.noDelay == on || c.peer.IsUnix() {
		return nil
	}
	err := c.setInt(unix.IPPROTO_TCP, unix.TCP_NODELAY, boolInt(on))
	if err == nil {
		c.noDelay = on
	}
	return err
}

// SetCork switches TCP_CORK or TCP_NOPUSH (tcp_nopush): only full segments
// leave until it is switched off. It remembers the state like SetNoDelay.
func (c *Conn) SetCork(on bool) error {
	if c.cork == on || c.peer.IsUnix() {
		return nil
	}
	err := c.setInt(unix.IPPROTO_TCP, tcpCork, boolInt(on))
	if err == nil {
		c.cork = on
	}
	return err
}

// AckNow sends the acknowledgement of what has been read, which the system would
// delay by up to 40 ms, to send it together with an answer. It is for places where no
// answer follows and the peer may wait for the acknowledgement before it sends more
// (Nagle's algorithm). It has an effect on Linux only.
func (c *Conn) AckNow() {
	if tcpQuickAck != 0 && !c.peer.IsUnix() {
		const once = 2                                    // later ones are held back as before
		_ = c.setInt(unix.IPPROTO_TCP, tcpQuickAck, once) // without, it comes later
	}
}

// setKeepalive calls set for every option that k asks for.
func setKeepalive(k netaddr.Keepalive, set func(label string, level, name, value int)) {
	if k.On || k.Off {
		set("SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, boolInt(k.On))
	}
	if k.Idle > 0 {
		set(keepIdleName, unix.IPPROTO_TCP, tcpKeepIdle, int(k.Idle/time.Second))
	}
	if k.Interval > 0 {
		set("TCP_KEEPINTVL", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, int(k.Interval/time.Second))
	}
	if k.Count > 0 {
		set("TCP_KEEPCNT", unix.IPPROTO_TCP, unix.TCP_KEEPCNT, k.Count)
	}
}

// TCPInfo reads the connection's figures; false where there are none (unix
// sockets, other systems than Linux).
func (c *Conn) TCPInfo(info *netaddr.TCPInfo) bool {
	return !c.peer.IsUnix() && c.option(option{kind: optInfo, info: info}) == 0
}

// SendRoom is about how many bytes a write hands over without waiting; math.MaxInt if
// unknown.
func (c *Conn) SendRoom() int {
	if c.option(option{kind: optRoom}) != 0 {
		return math.MaxInt
	}
	return c.ctl.value
}

// InQueue is how many received bytes wait in the kernel; 0 if unknown.
func (c *Conn) InQueue() int {
	if c.option(option{kind: optQueue}) != 0 {
		return 0
	}
	return c.ctl.value
}
