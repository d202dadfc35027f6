package netio

import (
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// handOver duplicates the descriptors of listeners, as they arrive in another
// process.
func handOver(t *testing.T, lns ...*Listener) (fds []int) {
	t.Helper()
	for _, l := range lns {
		fd, err := syscall.Dup(l.Fd())
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
	}
	return fds
}

func TestInheritance(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	tcp, udp := listen(t, netaddr.ListenSpec{Deferred: true}), listen(t, netaddr.ListenSpec{Addr: loopback(0), Datagram: true})
	six := listen(t, netaddr.ListenSpec{Addr: must(netaddr.ParseAddr("[::1]:0")), IPv6Only: true})
	unix := listen(t, netaddr.ListenSpec{Addr: netaddr.UnixAddr(path)})
	dropped := listen(t, netaddr.ListenSpec{})
	in := InheritAll(handOver(t, tcp, udp, six, unix, dropped), func(err error) { t.Error(err) })
	for _, tc := range []struct {
		name string
		spec netaddr.ListenSpec
		of   *Listener
	}{
		{"tcp", netaddr.ListenSpec{Addr: *tcp.Addr(), Backlog: 7, NoDelay: true}, tcp},
		{"taken already", netaddr.ListenSpec{Addr: *tcp.Addr()}, nil},
		{"tcp where udp was handed over", netaddr.ListenSpec{Addr: *udp.Addr()}, nil},
		{"udp", netaddr.ListenSpec{Addr: *udp.Addr(), Datagram: true}, udp},
		{"tcp6", netaddr.ListenSpec{Addr: *six.Addr(), IPv6Only: true}, six},
		{"unix", netaddr.ListenSpec{Addr: netaddr.UnixAddr(path)}, unix},
		{"another path", netaddr.ListenSpec{Addr: netaddr.UnixAddr(path + "2")}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := in.Take(&tc.spec, func(err error) { t.Error(err) })
			if tc.of == nil {
				if l != nil {
					t.Fatalf("took %s", l.Key())
				}
				return
			}
			if l == nil {
				t.Fatal("took nothing")
			}
			t.Cleanup(func() { _ = l.Close() })
			if l.Key() != tc.spec.Key() || !l.Inherited() || l.Spec().Backlog != tc.spec.Backlog {
				t.Errorf("key %q, want %q; spec %+v", l.Key(), tc.spec.Key(), l.Spec())
			}
			if tc.of == tcp && deferred(l.Fd()) {
				t.Error("accept is still deferred")
			}
			if !tc.spec.Datagram {
				pairOn(t, l)
			}
		})
	}
	if len(in.left) != 1 || in.left[0].Key() != dropped.Key() {
		t.Errorf("left: %v", in.left)
	}
	fd := in.left[0].Fd()
	in.Close()
	if err := syscall.SetNonblock(fd, true); err != syscall.EBADF {
		t.Errorf("a socket that nobody took is still open: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the unix socket's file is gone: %v", err)
	}
}

// TestSameAddr: nginx has a socket for each worker with reuseport.
func TestSameAddr(t *testing.T) {
	first := listen(t, netaddr.ListenSpec{ReusePort: true})
	second := listen(t, netaddr.ListenSpec{Addr: *first.Addr(), ReusePort: true})
	in := InheritAll(handOver(t, first, second), func(err error) { t.Error(err) })
	l := in.Take(&netaddr.ListenSpec{Addr: *first.Addr()}, nil)
	if l == nil || len(l.SameAddr()) != 1 {
		t.Fatalf("took %v", l)
	}
	if l.SameAddr()[0].Key() != l.Key() || len(in.left) != 0 {
		t.Errorf("twin %q, left %v", l.SameAddr()[0].Key(), in.left)
	}
	_ = l.SameAddr()[0].Close()
	_ = l.Close()
}

func TestInheritProblems(t *testing.T) {
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	netlink, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(netlink)
	const unused = 1 << 20
	for _, tc := range []struct {
		name string
		fd   int
		want string
	}{
		{"closed", unused, "getsockname() of the inherited socket #FD failed (9: Bad file descriptor)"},
		{"file", int(file.Fd()), "getsockname() of the inherited socket #FD failed (88: Socket operation on non-socket)"},
		{"netlink", netlink, "the inherited socket #FD has an unsupported protocol family"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			in := InheritAll([]int{tc.fd}, func(err error) { got = append(got, err.Error()) })
			want := strings.ReplaceAll(tc.want, "FD", strconv.Itoa(tc.fd))
			if len(got) != 1 || got[0] != want || len(in.left) != 0 {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
	if _, err := file.Stat(); err != nil {
		t.Errorf("what is no socket was closed: %v", err)
	}
	var none *Inheritance
	none.Close()
	if l := none.Take(&netaddr.ListenSpec{Addr: netaddr.AddrFrom(netip.AddrPort{})}, nil); l != nil {
		t.Error("took something from nothing")
	}
}
