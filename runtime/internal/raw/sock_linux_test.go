package raw

import (
	"net/netip"
	"strings"
	"syscall"
	"testing"
)

func TestAddrRoundTrip(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   Addr
		e    syscall.Errno
	}{
		{"ipv4", Addr{IP: netip.MustParseAddrPort("1.2.3.4:80")}, 0},
		{"ipv6", Addr{IP: netip.MustParseAddrPort("[2001:db8::1]:65535")}, 0},
		{"mapped", Addr{IP: netip.MustParseAddrPort("[::ffff:1.2.3.4]:1")}, 0},
		{"unix", Addr{Unix: true, Path: "/run/a.sock"}, 0},
		{"unnamed unix", Addr{Unix: true}, 0},
		{"longest path", Addr{Unix: true, Path: strings.Repeat("p", 107)}, 0},
		{"path too long", Addr{Unix: true, Path: strings.Repeat("p", 108)}, syscall.ENAMETOOLONG},
		{"none", Addr{}, syscall.EINVAL},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var s sockaddr
			if e := s.encode(&tc.in); e != tc.e {
				t.Fatalf("encode: %v, want %v", e, tc.e)
			} else if e != 0 {
				return
			}
			var out Addr
			if s.decode(&out); out != tc.in {
				t.Errorf("got %+v, want %+v", out, tc.in)
			}
		})
	}
}

func TestWritevSkipsAndLimits(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(fds[0]) }()
	defer func() { _ = syscall.Close(fds[1]) }()
	var vec [][]byte
	for i := range 2 * MaxVec {
		vec = append(vec, nil, []byte{byte('a' + i)})
	}
	n, e := Writev(fds[0], vec, false)
	if n != MaxVec || e != 0 {
		t.Fatalf("%d, %v", n, e)
	}
	b := make([]byte, 64)
	if n, e = Read(fds[1], b); string(b[:n]) != "abcdefghijklmnop" || e != 0 {
		t.Fatalf("%q, %v", b[:n], e)
	}
	if _, e = Read(fds[1], b); e != syscall.EAGAIN {
		t.Fatalf("an empty socket: %v", e)
	}
}

func FuzzDecode(f *testing.F) {
	for _, a := range []Addr{
		{IP: netip.MustParseAddrPort("1.2.3.4:80")},
		{IP: netip.MustParseAddrPort("[::1]:80")},
		{Unix: true, Path: "/a"},
	} {
		var s sockaddr
		_ = s.encode(&a)
		f.Add(s.b[:], s.n)
	}
	f.Fuzz(func(t *testing.T, b []byte, n uint32) {
		var s sockaddr
		copy(s.b[:], b)
		s.n = n
		var a, again Addr
		s.decode(&a)
		var back sockaddr
		if back.encode(&a) != 0 {
			return
		}
		if back.decode(&again); again != a {
			t.Errorf("%+v became %+v", a, again)
		}
	})
}
