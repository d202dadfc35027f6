package netaddr

import (
	"net/netip"
	"testing"
)

func TestParseIP(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"127.0.0.1", "127.0.0.1"},
		{"010.001.0.255", "10.1.0.255"},
		{"1..2.3", "1.0.2.3"},
		{"255.255.255.254", "255.255.255.254"},
		{"255.255.255.255", ""},
		{"256.0.0.1", ""},
		{"1.2.3", ""},
		{"1.2.3.4.5", ""},
		{"1.2.3.4 ", ""},
		{"", ""},
		{"::1", "::1"},
		{"2001:DB8::1.2.3.4", "2001:db8::102:304"},
		{"fe80::1%eth0", ""},
		{"[::1]", ""},
		{"example", ""},
	} {
		ip, ok := ParseIP([]byte(c.in))
		if ok != (c.want != "") || ok && ip.String() != c.want {
			t.Errorf("ParseIP(%q) = %v, %v, want %q", c.in, ip, ok, c.want)
		}
	}
}

func TestParseIPPort(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"127.0.0.1", "127.0.0.1:0"},
		{"127.0.0.1:8080", "127.0.0.1:8080"},
		{"::1", "[::1]:0"},
		{"[::1]", "[::1]:0"},
		{"[::1]:443", "[::1]:443"},
		{"127.0.0.1:0", ""},
		{"127.0.0.1:65536", ""},
		{"127.0.0.1:99999999999999999999", ""},
		{"127.0.0.1:", ""},
		{"127.0.0.1:8a", ""},
		{"[::1", ""},
		{"[::1]8", ""},
		{"[", ""},
		{"localhost:80", ""},
		{"", ""},
	} {
		ap, ok := ParseIPPort([]byte(c.in))
		if ok != (c.want != "") || ok && ap.String() != c.want {
			t.Errorf("ParseIPPort(%q) = %v, %v, want %q", c.in, ap, ok, c.want)
		}
	}
}

func TestParseCIDR(t *testing.T) {
	for _, c := range []struct {
		in, want string
		exact    bool
	}{
		{"10.0.0.0/8", "10.0.0.0/8", true},
		{"10.1.0.0/8", "10.0.0.0/8", false},
		{"10.1.2.3", "10.1.2.3/32", true},
		{"0.0.0.0/0", "0.0.0.0/0", true},
		{"2001:db8::/32", "2001:db8::/32", true},
		{"2001:db8::1/32", "2001:db8::/32", false},
		{"::/0", "::/0", true},
		{"10.0.0.0/33", "", false},
		{"::/129", "", false},
		{"10.0.0.0/", "", false},
		{"10.0.0.0/x", "", false},
		{"unix:", "", false},
	} {
		n, exact, ok := ParseCIDR(c.in)
		if ok != (c.want != "") || ok && n.String() != c.want || exact != c.exact {
			t.Errorf("ParseCIDR(%q) = %v, %v, %v", c.in, n, exact, ok)
		}
	}
}

func TestNetworksContains(t *testing.T) {
	n := Networks{List: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}}
	for _, c := range []struct {
		addr Addr
		want bool
	}{
		{AddrFrom(netip.MustParseAddrPort("10.2.3.4:5")), true},
		{AddrFrom(netip.MustParseAddrPort("[::ffff:10.2.3.4]:5")), true},
		{AddrFrom(netip.MustParseAddrPort("11.2.3.4:5")), false},
		{AddrFrom(netip.MustParseAddrPort("[2001:db8::1]:5")), true},
		{AddrFrom(netip.MustParseAddrPort("[2001:db9::1]:5")), false},
		{UnixAddr("/run/x"), false},
		{Addr{}, false},
	} {
		if got := n.Contains(&c.addr); got != c.want {
			t.Errorf("%s: %v, want %v", c.addr.String(), got, c.want)
		}
	}
	n.Unix = true
	if u := UnixAddr(""); !n.Contains(&u) {
		t.Error("unix: is not contained")
	}
}

func FuzzParseIPPort(f *testing.F) {
	for _, s := range []string{"1.2.3.4:5", "[::1]:80", "[::", "255.255.255.255", "a"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ap, ok := ParseIPPort(b)
		if ok != ap.Addr().IsValid() && ok {
			t.Fatalf("%q: ok without an address", b)
		}
		if n, _, ok := ParseCIDR(string(b)); ok && !n.IsValid() {
			t.Fatalf("%q: ok without a network", b)
		}
	})
}
