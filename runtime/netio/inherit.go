package netio

import (
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Inherit takes over a socket that another process opened (the NGINX variable
// of a binary upgrade). Its address and type are read from the socket; the rest
// of the spec is set by Configure once the configuration is known. The unix
// socket's file stays on Close unless SetUnlink says otherwise. On an error
// (*OpError, in nginx's words) the descriptor is left as it was.
func Inherit(fd int) (*Listener, error) {
	var spec netaddr.ListenSpec
	num := "#" + strconv.Itoa(fd)
	if e := raw.Local(fd, spec.Addr.Raw()); e != 0 {
		return nil, &OpError{Op: "getsockname() of the inherited socket " + num, Errno: e}
	}
	if !spec.Addr.IsValid() {
		return nil, &familyError{fd}
	}
	typ, e := raw.GetInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if e != 0 {
		return nil, &OpError{Op: "getsockopt(SO_TYPE) " + spec.Addr.String(), Errno: e}
	}
	spec.Datagram = typ == unix.SOCK_DGRAM
	if spec.Addr.IP().Is6() {
		v, _ := raw.GetInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
		spec.IPv6Only = v != 0
	}
	if v, e := raw.GetInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT); e == 0 {
		spec.ReusePort = v != 0
	}
	if !spec.Datagram && !spec.Addr.IsUnix() {
		spec.Deferred = deferred(fd)
	}
	syscall.CloseOnExec(fd)
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, &OpError{Op: "fcntl(O_NONBLOCK) of the inherited socket " + num, Errno: errnoOf(err)}
	}
	l := newListener(fd, &spec)
	l.inherited = true
	return l, nil
}

// familyError is the complaint about an inherited socket that is neither of the
// internet nor a unix socket.
type familyError struct{ fd int }

func (e *familyError) Error() string {
	return "the inherited socket #" + strconv.Itoa(e.fd) + " has an unsupported protocol family"
}

// Inherited says whether another process opened the socket.
func (l *Listener) Inherited() bool { return l.inherited }

// SameAddr are further sockets of the same address that were inherited with this
// one: those that nginx opens for each of its workers with reuseport. The kernel
// hands connections to each of them, so all have to be accepted from.
func (l *Listener) SameAddr() []*Listener { return l.sameAddr }

// Fds are the descriptors of the socket and those of SameAddr, for handing them over.
func (l *Listener) Fds() []int {
	fds := []int{l.fd}
	for _, t := range l.sameAddr {
		fds = append(fds, t.fd)
	}
	return fds
}

// Inheritance is the sockets that another process handed over, until a
// configuration has taken what it wants of them. The zero value has none.
type Inheritance struct{ left []*Listener }

// InheritAll takes over the sockets behind fds. Those that are none are passed to
// problem, in nginx's words, and left alone.
func InheritAll(fds []int, problem func(error)) *Inheritance {
	in := &Inheritance{}
	for _, fd := range fds {
		if ln, err := Inherit(fd); err != nil {
			problem(err)
		} else {
			in.left = append(in.left, ln)
		}
	}
	return in
}

// Take returns the socket for spec, nil when none was handed over. It has spec's
// options then; what goes wrong with them is passed to warn, which may be nil.
func (in *Inheritance) Take(spec *netaddr.ListenSpec, warn func(error)) *Listener {
	if in == nil {
		return nil
	}
	var found *Listener
	kept := in.left[:0]
	for _, ln := range in.left {
		switch {
		case !sameSocket(spec, &ln.spec):
			kept = append(kept, ln)
		case found == nil:
			found = ln
			found.Configure(spec, warn)
		default:
			ln.Configure(spec, warn)
			found.sameAddr = append(found.sameAddr, ln)
		}
	}
	in.left = kept
	return found
}

// sameSocket compares what an open socket cannot change any more.
func sameSocket(s, o *netaddr.ListenSpec) bool {
	return s.Datagram == o.Datagram && s.Addr == o.Addr
}

// Close closes the sockets that were not taken. The files of unix sockets stay.
func (in *Inheritance) Close() {
	if in == nil {
		return
	}
	for _, ln := range in.left {
		_ = ln.Close() // it was never used
	}
	in.left = nil
}
