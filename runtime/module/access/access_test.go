package access

import (
	"net/netip"
	"testing"
)

func TestNewChecker(t *testing.T) {
	v4 := netip.MustParsePrefix("10.0.0.0/8")
	v6 := netip.MustParsePrefix("2001:db8::/32")
	rules := []rule{{net: v4}, {net: v6}, {unix: true}, {deny: true, all: true}}
	c := newChecker(rules, true)
	if len(c.v4) != 2 || c.v4[0] != (network{v4, &rules[0]}) || c.v4[1] != (network{netip.MustParsePrefix("0.0.0.0/0"), &rules[3]}) {
		t.Errorf("IPv4: %v", c.v4)
	}
	if len(c.v6) != 2 || c.v6[0] != (network{v6, &rules[1]}) || c.v6[1] != (network{netip.MustParsePrefix("::/0"), &rules[3]}) {
		t.Errorf("IPv6: %v", c.v6)
	}
	if len(c.unix) != 2 || c.unix[0].deny || !c.unix[1].deny {
		t.Errorf("unix: %v", c.unix)
	}
}
