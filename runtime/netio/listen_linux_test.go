package netio

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

func TestListenErrorsInNginxWords(t *testing.T) {
	taken := listen(t, netaddr.ListenSpec{})
	for _, tc := range []struct {
		name string
		spec netaddr.ListenSpec
		want string
	}{
		{
			"address in use",
			netaddr.ListenSpec{Addr: *taken.Addr()},
			"bind() to " + taken.Addr().String() + " failed (98: Address already in use)",
		},
		{
			"not ours",
			netaddr.ListenSpec{Addr: must(netaddr.ParseAddr("192.0.2.1:80"))},
			"bind() to 192.0.2.1:80 failed (99: Cannot assign requested address)",
		},
		{
			"no such folder",
			netaddr.ListenSpec{Addr: netaddr.UnixAddr("/nonexistent/s")},
			"bind() to unix:/nonexistent/s failed (2: No such file or directory)",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := Listen(&tc.spec, nil)
			if err == nil {
				_ = l.Close()
				t.Fatal("no error")
			}
			if err.Error() != tc.want {
				t.Errorf("got  %s\nwant %s", err, tc.want)
			}
		})
	}
}

func TestUnixSocketFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l := listen(t, netaddr.ListenSpec{Addr: netaddr.UnixAddr(path)})
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o666 {
		t.Fatalf("mode %v, %v", st.Mode(), err)
	}
	_, server := pairOn(t, l)
	if got := string(server.Peer().AppendText(nil)); got != "unix:" {
		t.Errorf("an unnamed client is %q", got)
	}
	if got := server.Local().String(); got != "unix:"+path {
		t.Errorf("local address %q", got)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
	if err := l.Close(); err != ErrClosed {
		t.Errorf("second Close: %v", err)
	}
}

// TestBind: a socket that is only bound refuses connections, and takes them when it was handed over and listens.
func TestBind(t *testing.T) {
	spec := netaddr.ListenSpec{Addr: loopback(0)}
	l, err := Bind(&spec, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	dial := func() error {
		c, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			_ = c.Close()
		}
		return err
	}
	if err := dial(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a socket that is only bound: %v", err)
	}
	fd, err := syscall.Dup(l.Fd())
	if err != nil {
		t.Fatal(err)
	}
	spec = l.Spec()
	handed := InheritAll([]int{fd}, func(err error) { t.Error(err) }).Take(&spec, nil)
	if handed == nil {
		t.Fatal("the socket is not known again")
	}
	defer func() { _ = handed.Close() }()
	if err := handed.Listen(); err != nil {
		t.Error(err)
	}
	if err := dial(); err != nil {
		t.Errorf("a socket that listens: %v", err)
	}
	if c, err := handed.Accept(); err != nil {
		t.Error(err)
	} else {
		c.Release()
	}
}

// TestOverlaps: of two sockets of which one listens, the system refuses the other if and only if they overlap.
func TestOverlaps(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::", "both"} {
		for _, other := range []string{"127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::", "both"} {
			of := func(text string, port uint16) netaddr.ListenSpec {
				only := text != "both"
				if !only {
					text = "::"
				}
				return netaddr.ListenSpec{Addr: netaddr.AddrFrom(netip.AddrPortFrom(netip.MustParseAddr(text), port)), IPv6Only: only}
			}
			spec := of(addr, 0)
			first, err := Listen(&spec, nil)
			if err != nil {
				t.Fatal(err)
			}
			a, b := first.Spec(), of(other, first.Addr().Port())
			second, err := Listen(&b, nil)
			if (err != nil) != a.Overlaps(&b) || a.Overlaps(&b) != b.Overlaps(&a) {
				t.Errorf("%s and %s: %v", addr, other, err)
			}
			if err == nil {
				_ = second.Close()
			}
			_ = first.Close()
		}
	}
}

func TestStopAndStart(t *testing.T) {
	l := listen(t, netaddr.ListenSpec{})
	got := make(chan error)
	go func() {
		_, err := l.Accept()
		got <- err
	}()
	l.Stop()
	if err := <-got; err != ErrStopped {
		t.Fatalf("a waiting Accept: %v", err)
	}
	if _, err := l.Accept(); err != ErrStopped {
		t.Fatalf("a later Accept: %v", err)
	}
	client, err := Dial(&DialSpec{Addr: *l.Addr(), Timeout: patience})
	if err != nil {
		t.Fatalf("the socket went away: %v", err)
	}
	defer client.Release()
	l.Start()
	server, err := l.Accept()
	if err != nil {
		t.Fatalf("after Start: %v", err)
	}
	server.Release()
	go func() {
		_, err := l.Accept()
		got <- err
	}()
	_ = l.Close()
	if err := <-got; err != ErrClosed {
		t.Fatalf("after Close: %v", err)
	}
}

func TestInherit(t *testing.T) {
	for _, tc := range []struct {
		name string
		spec netaddr.ListenSpec
	}{
		{"tcp", netaddr.ListenSpec{Addr: loopback(0)}},
		{"tcp6 alone", netaddr.ListenSpec{Addr: must(netaddr.ParseAddr("[::1]:0")), IPv6Only: true}},
		{"udp", netaddr.ListenSpec{Addr: loopback(0), Datagram: true}},
		{"unix", netaddr.ListenSpec{Addr: netaddr.UnixAddr(filepath.Join(t.TempDir(), "s"))}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			old := listen(t, tc.spec)
			fd, err := syscall.Dup(old.Fd())
			if err != nil {
				t.Fatal(err)
			}
			l, err := Inherit(fd)
			if err != nil {
				t.Fatal(err)
			}
			if l.Key() != old.Key() {
				t.Errorf("key %q, was %q", l.Key(), old.Key())
			}
			if !tc.spec.Datagram {
				pairOn(t, l)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if a := tc.spec.Addr; a.IsUnix() {
				if _, err := os.Stat(a.Path()); err != nil {
					t.Errorf("an inherited socket's file was removed: %v", err)
				}
			}
		})
	}
}

func TestKeys(t *testing.T) {
	any4, any6 := must(netaddr.ParseAddr("0.0.0.0:80")), must(netaddr.ParseAddr("[::]:80"))
	for _, tc := range []struct {
		name string
		a, b netaddr.ListenSpec
		same bool
	}{
		{"tuning", netaddr.ListenSpec{Addr: any4}, netaddr.ListenSpec{Addr: any4, Backlog: 9, RcvBuf: 1, Deferred: true}, true},
		{"port", netaddr.ListenSpec{Addr: any4}, netaddr.ListenSpec{Addr: must(netaddr.ParseAddr("0.0.0.0:81"))}, false},
		{"udp", netaddr.ListenSpec{Addr: any4}, netaddr.ListenSpec{Addr: any4, Datagram: true}, false},
		{"mptcp", netaddr.ListenSpec{Addr: any4}, netaddr.ListenSpec{Addr: any4, Multipath: true}, false},
		{"ipv6only", netaddr.ListenSpec{Addr: any6, IPv6Only: true}, netaddr.ListenSpec{Addr: any6}, false},
		{"reuseport", netaddr.ListenSpec{Addr: any4, ReusePort: true, Index: 1}, netaddr.ListenSpec{Addr: any4, ReusePort: true, Index: 2}, false},
		{"unix", netaddr.ListenSpec{Addr: netaddr.UnixAddr("/a")}, netaddr.ListenSpec{Addr: netaddr.UnixAddr("/b")}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if same := tc.a.Key() == tc.b.Key(); same != tc.same {
				t.Errorf("%q and %q", tc.a.Key(), tc.b.Key())
			}
		})
	}
}

func TestReusePortAndOptions(t *testing.T) {
	spec := netaddr.ListenSpec{
		Addr: loopback(0), ReusePort: true, Backlog: 7, RcvBuf: 65536, SndBuf: 65536, FastOpen: 5,
		Keepalive: netaddr.Keepalive{On: true, Idle: time.Minute}, NoDelay: true,
	}
	a := listen(t, spec)
	spec.Addr, spec.Index = *a.Addr(), 1
	listen(t, spec)
	_, server := pairOn(t, a2(t, a))
	if !server.noDelay {
		t.Error("NoDelay was not inherited")
	}
}

// a2 returns l as the only socket of its group that connections can reach.
func a2(t *testing.T, l *Listener) *Listener {
	t.Helper()
	spec := l.Spec()
	_ = l.Close()
	spec.Addr, spec.Index, spec.ReusePort = loopback(0), 0, false
	return listen(t, spec)
}

func TestConfigureWarnsInNginxWords(t *testing.T) {
	l := listen(t, netaddr.ListenSpec{})
	spec := l.Spec()
	spec.Keepalive.Count = 1000 // more than the kernel allows
	var got []string
	l.Configure(&spec, func(err error) { got = append(got, err.Error()) })
	want := "setsockopt(TCP_KEEPCNT, 1000) " + l.Addr().String() + " failed, ignored (22: Invalid argument)"
	if strings.Join(got, "\n") != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAcceptPausesWithoutDescriptors(t *testing.T) {
	l := listen(t, netaddr.ListenSpec{})
	client, err := Dial(&DialSpec{Addr: *l.Addr(), Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Release()

	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	low := limit
	low.Cur = uint64(client.Fd()) // the lowest free descriptor is not below it
	errs := make(chan error, 10)
	l.OnError = func(err error) bool {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Error(err)
		}
		errs <- err
		return false
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	server.Release()
	if d := time.Since(begin); d < acceptPause {
		t.Errorf("accepted after %v, without a pause", d)
	}
	if len(errs) != 1 {
		t.Fatalf("%d reports", len(errs))
	}
	if err := <-errs; err.Error() != "accept4() failed (24: Too many open files)" {
		t.Errorf("report %q", err)
	}
}

func TestStopCutsThePauseShort(t *testing.T) {
	l := listen(t, netaddr.ListenSpec{})
	l.Stop()
	if err := l.pause(); err != ErrStopped {
		t.Errorf("got %v", err)
	}
}
