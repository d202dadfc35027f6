package header

import (
	"net/netip"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

func TestForwardedBy(t *testing.T) {
	trusted := &netaddr.Networks{List: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8")}}
	for _, c := range []struct {
		name, peer, list string
		recursive        bool
		want             string
		changed, all     bool
	}{
		{"one address", "127.0.0.1:9", "192.0.2.1", false, "192.0.2.1:0", true, true},
		{"the last of several", "127.0.0.1:9", "192.0.2.1, 192.0.2.2", false, "192.0.2.2:0", true, true},
		{"with a port", "127.0.0.1:9", "192.0.2.1:77", false, "192.0.2.1:77", true, true},
		{"IPv6 in brackets", "127.0.0.1:9", "[2001:db8::1]:77", false, "[2001:db8::1]:77", true, true},
		{"untrusted peer", "192.0.2.9:9", "192.0.2.1", false, "192.0.2.9:9", false, false},
		{"not an address", "127.0.0.1:9", "unknown", false, "127.0.0.1:9", false, false},
		{"empty", "127.0.0.1:9", "", false, "127.0.0.1:9", false, false},
		{"only separators", "127.0.0.1:9", " ,, ", false, "127.0.0.1:9", false, false},
		{"trailing separators", "127.0.0.1:9", "192.0.2.1 , ", false, "192.0.2.1:0", true, true},
		{"not recursive stops at a proxy", "127.0.0.1:9", "192.0.2.1, 10.0.0.1", false, "10.0.0.1:0", true, true},
		{"recursive", "127.0.0.1:9", "192.0.2.7, 192.0.2.1, 10.0.0.1", true, "192.0.2.1:0", true, false},
		{"recursive, all trusted", "127.0.0.1:9", "10.0.0.2, 10.0.0.1", true, "10.0.0.2:0", true, true},
		{"recursive, broken in the middle", "127.0.0.1:9", "192.0.2.1, x, 10.0.0.1", true, "10.0.0.1:0", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			addr := netaddr.AddrFrom(netip.MustParseAddrPort(c.peer))
			changed, all := ForwardedBy(&addr, []byte(c.list), trusted, c.recursive)
			if addr.String() != c.want || changed != c.changed || all != c.all {
				t.Errorf("%s, %v, %v, want %s, %v, %v", addr.String(), changed, all, c.want, c.changed, c.all)
			}
		})
	}
}
