package listen

import (
	"net/netip"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// TestAt: an address of its own goes before the wildcard of its port and family, that before a dual wildcard.
func TestAt(t *testing.T) {
	tcp := func(s string) netaddr.Addr { return netaddr.AddrFrom(netip.MustParseAddrPort(s)) }
	var all []*Address
	add := func(a netaddr.Addr, only6 bool) {
		all = append(all, &Address{Spec: netaddr.ListenSpec{Addr: a, IPv6Only: only6}})
	}
	add(tcp("0.0.0.0:80"), false)
	add(tcp("10.0.0.1:80"), false)
	add(tcp("[::]:80"), true)
	add(tcp("[::]:81"), false)
	add(tcp("[::]:82"), true)
	add(tcp("127.0.0.1:83"), false)
	add(netaddr.UnixAddr("/run/x"), false)
	s := Assign(all)
	for _, c := range []struct {
		local netaddr.Addr
		want  string
	}{
		{tcp("10.0.0.1:80"), "10.0.0.1:80"},
		{tcp("10.0.0.2:80"), "0.0.0.0:80"},
		{tcp("0.0.0.0:80"), "0.0.0.0:80"},
		{tcp("[2001:db8::1]:80"), "[::]:80"},
		{tcp("[2001:db8::1]:81"), "[::]:81"},
		{tcp("127.0.0.1:81"), "[::]:81"},
		{tcp("127.0.0.1:82"), ""},
		{tcp("127.0.0.1:83"), "127.0.0.1:83"},
		{tcp("127.0.0.2:83"), ""},
		{netaddr.UnixAddr("/run/x"), "unix:/run/x"},
		{netaddr.UnixAddr("/run/y"), ""},
	} {
		got := ""
		if i := s.At(&c.local); i >= 0 {
			got = all[i].Text()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.local.String(), got, c.want)
		}
	}
}
