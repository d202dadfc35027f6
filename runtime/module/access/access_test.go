package access

import (
	"net/netip"
	"testing"
)

func TestNewChecker(t *testing.T) {
	v4 := netip.MustParsePrefix("10.0.0.0/8")
	v6 := netip.MustParsePrefix("2001:db8::/32")
	c := newChecker([]rule{{net: v4}, {net: v6}, {unix: true}, {deny: true, all: true}}, true)
	if len(c.v4) != 2 || c.v4[0] != (network{v4, false}) || c.v4[1] != (network{netip.MustParsePrefix("0.0.0.0/0"), true}) {
		t.Errorf("IPv4: %v", c.v4)
	}
	if len(c.v6) != 2 || c.v6[0] != (network{v6, false}) || c.v6[1] != (network{netip.MustParsePrefix("::/0"), true}) {
		t.Errorf("IPv6: %v", c.v6)
	}
	if len(c.unix) != 2 || c.unix[0] || !c.unix[1] {
		t.Errorf("unix: %v", c.unix)
	}
}
