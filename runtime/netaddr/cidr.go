package netaddr

import (
	"net/netip"
	"strconv"
	"strings"
)

// ParseCIDR reads an address or a network as allow, deny, geo and
// set_real_ip_from take them: 10.0.0.1, 10.0.0.0/8, 2001:db8::/32. exact is
// false when the address has bits that the mask takes away; the prefix is
// without them. As in nginx octets may have leading zeros, and 255.255.255.255
// is not accepted.
func ParseCIDR(s string) (p netip.Prefix, exact, ok bool) {
	text, mask, masked := strings.Cut(s, "/")
	ip, ok := ParseIP([]byte(text))
	if !ok {
		return p, false, false
	}
	bits := ip.BitLen()
	if masked {
		n, err := strconv.ParseUint(mask, 10, 16)
		if err != nil || mask[0] == '+' || int(n) > bits {
			return p, false, false
		}
		bits = int(n)
	}
	p = netip.PrefixFrom(ip, bits)
	return p.Masked(), p.Masked() == p, true
}
