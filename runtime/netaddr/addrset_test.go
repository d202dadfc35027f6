package netaddr

import (
	"net/netip"
	"testing"
)

func TestAddrSet(t *testing.T) {
	var s AddrSet
	at := func(text string) Addr { return AddrFrom(netip.MustParseAddrPort(text)) }
	unix, four := UnixAddr("/run/x"), at("10.1.2.3:4")
	if s.Has(&four) || s.Has(&unix) {
		t.Error("the empty set has something")
	}
	s.Add(netip.MustParsePrefix("10.0.0.0/8"))
	s.Add(netip.MustParsePrefix("2001:db8::1/128"))
	for text, want := range map[string]bool{
		"10.1.2.3:4": true, "11.0.0.1:1": false, "[2001:db8::1]:1": true, "[2001:db8::2]:1": false, "[::ffff:10.1.2.3]:4": false,
	} {
		if a := at(text); s.Has(&a) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
	if s.Has(&unix) {
		t.Error("a unix socket was not added")
	}
	if s.AddUnix(); !s.Has(&unix) {
		t.Error("no unix socket in the set")
	}
}
