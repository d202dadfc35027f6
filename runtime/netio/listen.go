package netio

import (
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Listener is a listening socket (or a bound datagram socket, from which
// nothing is accepted). One goroutine at a time calls Accept; Stop, Start and
// Close may be called by anyone.
type Listener struct {
	// OnError is called for each failed accept (*OpError), unless it is nil. It
	// returns true where it has freed descriptors, so that Accept tries again at
	// once instead of after a pause. Set it before the first Accept.
	OnError func(error) (freed bool)

	spec      netaddr.ListenSpec
	addr      netaddr.Addr // of spec
	fd        int
	unlink    bool        // remove the unix socket's file on Close
	inherited bool        // another process opened it
	silent    bool        // the socket is bound and does not listen, see Bind
	sameAddr  []*Listener // see SameAddr

	noDelay atomic.Bool // of the spec, for Accept

	mu      sync.Mutex
	stopped bool
	closed  bool
	file    *os.File        // nil until the first Accept, see watch
	rc      syscall.RawConn // of file

	onReady func(uintptr) bool // tryAccept, bound once

	// The accept that is under way.
	newFD int
	peer  raw.Addr
	errno syscall.Errno
}

// Listen opens the socket that spec describes. Failures are *OpError in nginx's
// words; what nginx only warns about ("..., ignored") goes to warn, which may be
// nil. EADDRINUSE is returned at once: nginx tries five times, every 500 ms,
// which is the caller's business.
func Listen(spec *netaddr.ListenSpec, warn func(error)) (*Listener, error) {
	l, err := bind(spec, warn)
	if err == nil {
		l.silent = false
		if err = l.Listen(); err != nil {
			_ = l.Close()
			return nil, err
		}
		l.Configure(spec, warn)
	}
	return l, err
}

// Bind is Listen for a process that keeps the socket for another one, which is going to call Listener.Listen: until then
// connections are refused.
func Bind(spec *netaddr.ListenSpec, warn func(error)) (*Listener, error) {
	l, err := bind(spec, warn)
	if err == nil {
		l.Configure(spec, warn)
	}
	return l, err
}

// Listen makes the system take connections at a socket that was only bound. The error, an *OpError, says that the address
// was taken meanwhile.
func (l *Listener) Listen() error {
	if l.spec.Datagram {
		return nil
	}
	if err := syscall.Listen(l.fd, l.spec.QueueLength()); err != nil {
		return &OpError{
			Op: "listen() to " + l.addr.String() + ", backlog " + strconv.Itoa(l.spec.QueueLength()), Errno: errnoOf(err),
		}
	}
	return nil
}

// bind opens a socket and binds it.
func bind(spec *netaddr.ListenSpec, warn func(error)) (*Listener, error) {
	name := spec.Addr.String()
	kind := raw.Stream
	switch {
	case spec.Datagram:
		kind = raw.Datagram
	case spec.Multipath:
		kind = raw.Multipath
	}
	fd, e := raw.Socket(spec.Addr.Raw(), kind)
	if e != 0 {
		return nil, &OpError{Op: "socket() " + name, Errno: e}
	}
	if err := open(spec, fd, name, warn); err != nil {
		_ = syscall.Close(fd)
		return nil, err
	}
	l := newListener(fd, spec)
	l.unlink, l.silent = spec.Addr.IsUnix(), true
	return l, nil
}

// open binds the socket.
func open(s *netaddr.ListenSpec, fd int, name string, warn func(error)) error {
	if e := raw.SetInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); e != 0 {
		return &OpError{Op: "setsockopt(SO_REUSEADDR) " + name, Errno: e}
	}
	if s.ReusePort {
		if label, e := setReusePort(fd); e != 0 {
			return &OpError{Op: "setsockopt(" + label + ") " + name, Errno: e}
		}
	}
	if s.Addr.IP().Is6() {
		if e := raw.SetInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, boolInt(s.IPv6Only)); e != 0 {
			tell(warn, &OpError{Op: "setsockopt(IPV6_V6ONLY) " + name, Errno: e, Note: ", ignored"})
		}
	}
	if s.Transparent {
		if label, e := setTransparent(fd, s.Addr.IP().Is6()); e != 0 {
			return &OpError{Op: "setsockopt(" + label + ") " + name, Errno: e}
		}
	}
	if e := raw.Bind(fd, s.Addr.Raw()); e != 0 {
		return &OpError{Op: "bind() to " + name, Errno: e}
	}
	if s.Addr.IsUnix() {
		if err := os.Chmod(s.Addr.Path(), 0o666); err != nil {
			tell(warn, &OpError{Op: "chmod() \"" + s.Addr.Path() + "\"", Errno: errnoOf(err)})
		}
	}
	return nil
}

func newListener(fd int, spec *netaddr.ListenSpec) *Listener {
	l := &Listener{fd: fd, spec: *spec}
	l.onReady = l.tryAccept
	if a := l.spec.Addr; !a.IsUnix() && a.Port() == 0 {
		_ = raw.Local(fd, l.spec.Addr.Raw()) // the port that the kernel chose
	}
	l.addr = l.spec.Addr
	return l
}

// watch makes the poller watch the socket. A process that only keeps a socket
// for another must not be woken by every connection that arrives at it, so this
// waits for the first Accept.
func (l *Listener) watch() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return ErrClosed
	case l.file != nil:
		return nil
	}
	l.file = os.NewFile(uintptr(l.fd), "listener")
	rc, err := l.file.SyscallConn()
	if err != nil {
		return ErrClosed
	}
	l.rc = rc
	if l.stopped {
		l.giveUp()
	}
	return nil
}

// Addr is the address listened on, with the port the kernel chose for port 0. It
// stays the same for as long as the socket lives; any goroutine may call it.
func (l *Listener) Addr() *netaddr.Addr { return &l.addr }

// Spec is what the socket was opened or last configured with.
func (l *Listener) Spec() netaddr.ListenSpec { return l.spec }

// Key is Spec's key.
func (l *Listener) Key() string { return l.spec.Key() }

// Fd is the descriptor, owned by the Listener and valid until Close.
func (l *Listener) Fd() int { return l.fd }

// SetUnlink says whether Close removes the unix socket's file. It does by
// default for a socket that Listen made; after handing the socket to a new
// process it must not.
func (l *Listener) SetUnlink(on bool) { l.unlink = on && l.spec.Addr.IsUnix() }

// Accept waits for the next connection. Errors of a single connection are
// passed over; when descriptors or memory run out it pauses for 500 ms, as
// nginx does. It returns ErrStopped after Stop and ErrClosed after Close.
func (l *Listener) Accept() (*Conn, error) {
	if err := l.watch(); err != nil {
		return nil, err
	}
	for {
		if err := l.rc.Read(l.onReady); err != nil {
			return nil, l.ended(err)
		}
		inUse()
		switch l.errno {
		case 0:
			c := newConn(l.newFD)
			*c.peer.Raw() = l.peer
			c.noDelay = l.noDelay.Load() && !l.peer.Unix
			return c, nil
		case syscall.EINTR:
			continue
		}
		freed := l.OnError != nil && l.OnError(&OpError{Op: "accept4()", Errno: l.errno})
		if !exhausted(l.errno) {
			continue // a connection that has failed already, and is off the queue
		}
		if freed {
			Yield() // to the connections that are about to close
			continue
		}
		if err := l.pause(); err != nil {
			return nil, err
		}
	}
}

// TryAccept takes a connection that waits already, nil when there is none. Only
// for a stopped listener on which no Accept is under way.
func (l *Listener) TryAccept() *Conn {
	if !l.tryAccept(uintptr(l.fd)) || l.errno != 0 {
		return nil
	}
	c := newConn(l.newFD)
	*c.peer.Raw() = l.peer
	c.noDelay = l.spec.NoDelay && !l.peer.Unix
	return c
}

func (l *Listener) tryAccept(fd uintptr) bool {
	l.newFD, l.errno = raw.Accept(int(fd), &l.peer)
	return l.errno != syscall.EAGAIN
}

// ended tells a Stop from a Close.
func (l *Listener) ended(err error) error {
	if err == os.ErrDeadlineExceeded { //nolint:errorlint // the poller returns the bare value
		return ErrStopped
	}
	return ErrClosed
}

// acceptPause is how long nginx leaves a listener alone that failed to accept
// (accept_mutex_delay).
const acceptPause = 500 * time.Millisecond

// exhausted tells whether an accept failed for want of descriptors or memory,
// and not because of the connection that it would have taken.
func exhausted(e syscall.Errno) bool {
	switch e {
	case syscall.ECONNABORTED, syscall.EPROTO, syscall.EPERM, syscall.ENETDOWN, syscall.ENOPROTOOPT, syscall.EHOSTDOWN,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ETIMEDOUT:
		return false
	}
	return true
}

// pause waits after a failed accept; Stop and Close cut it short.
func (l *Listener) pause() error {
	end := clock.Mono() + int64(acceptPause)
	if !l.setDeadline(clock.MonoTime(end)) {
		return ErrStopped
	}
	err := l.rc.Read(func(uintptr) bool { return false })
	if clock.Mono() < end {
		return l.ended(err)
	}
	if !l.setDeadline(time.Time{}) {
		return ErrStopped
	}
	return nil
}

// setDeadline sets when Accept gives up, unless the listener is stopped.
func (l *Listener) setDeadline(t time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return false
	}
	_ = l.file.SetReadDeadline(t)
	return true
}

// Stop makes Accept return ErrStopped, now and later, and leaves the socket
// open: connections queue up in the kernel until the next Accept.
func (l *Listener) Stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	if l.file != nil {
		l.giveUp()
	}
}

// giveUp makes an Accept that is under way return, and those that follow.
func (l *Listener) giveUp() {
	_ = l.file.SetReadDeadline(clock.MonoTime(clock.Mono() - int64(time.Second)))
}

// Start undoes Stop.
func (l *Listener) Start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = false
	if l.file != nil {
		_ = l.file.SetReadDeadline(time.Time{})
	}
}

// Close closes the socket and those of SameAddr and removes the file of a unix socket
// (SetUnlink).
func (l *Listener) Close() error {
	if l.unlink {
		_ = os.Remove(l.spec.Addr.Path())
	}
	for _, t := range l.sameAddr {
		_ = t.Close() // its error would be that of this one
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	l.closed = true
	if l.file != nil {
		_ = l.file.Close() // it is open
	} else {
		_ = syscall.Close(l.fd) // likewise
	}
	return nil
}
