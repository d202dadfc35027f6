package netaddr

import "net/netip"

// ParseIP reads an IP address without a port, as nginx does: octets may have
// leading zeros, IPv6 addresses have neither brackets nor a zone, and
// 255.255.255.255 is no address.
func ParseIP(text []byte) (netip.Addr, bool) {
	if a, ok := parse4(text); ok {
		return a, a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
	}
	var has bool
	for _, c := range text {
		has = has || c == ':'
		if c == '%' {
			return netip.Addr{}, false
		}
	}
	if !has || len(text) > maxIPText {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(string(text))
	return a, err == nil
}

// maxIPText is the longest text of an IPv6 address.
const maxIPText = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")

func parse4(text []byte) (netip.Addr, bool) {
	var b [4]byte
	n, octet := 0, 0
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			if octet = octet*10 + int(c-'0'); octet > 255 {
				return netip.Addr{}, false
			}
		case c == '.' && n < 3:
			b[n] = byte(octet)
			n, octet = n+1, 0
		default:
			return netip.Addr{}, false
		}
	}
	if n != 3 {
		return netip.Addr{}, false
	}
	b[3] = byte(octet)
	return netip.AddrFrom4(b), true
}

// ParseIPPort is ParseIP for a text that may have a port: "1.2.3.4:80",
// "[::1]:80", "[::1]". Without one it is 0.
func ParseIPPort(text []byte) (netip.AddrPort, bool) {
	if ip, ok := ParseIP(text); ok {
		return netip.AddrPortFrom(ip, 0), true
	}
	var host, port []byte
	if len(text) > 0 && text[0] == '[' {
		end := indexByte(text, ']')
		switch {
		case end == len(text)-1:
			ip, ok := ParseIP(text[1:end])
			return netip.AddrPortFrom(ip, 0), ok
		case end < 0 || text[end+1] != ':':
			return netip.AddrPort{}, false
		}
		host, port = text[1:end], text[end+2:]
	} else {
		colon := indexByte(text, ':')
		if colon < 0 {
			return netip.AddrPort{}, false
		}
		host, port = text[:colon], text[colon+1:]
	}
	n := 0
	for _, c := range port {
		if c < '0' || c > '9' || n > 65535 {
			return netip.AddrPort{}, false
		}
		n = n*10 + int(c-'0')
	}
	if n < 1 || n > 65535 {
		return netip.AddrPort{}, false
	}
	ip, ok := ParseIP(host)
	return netip.AddrPortFrom(ip, uint16(n)), ok
}

func indexByte(b []byte, c byte) int {
	for i, x := range b {
		if x == c {
			return i
		}
	}
	return -1
}

// Networks is a set of networks, for trusted proxies and the like. The zero
// value is empty.
type Networks struct {
	List []netip.Prefix
	Unix bool // all unix sockets
}

// Contains tells whether a lies in one of the networks. An IPv4 address that
// came by an IPv6 socket counts as IPv4.
func (n *Networks) Contains(a *Addr) bool {
	if a.IsUnix() {
		return n.Unix
	}
	ip := a.IP().Unmap()
	for i := range n.List {
		if n.List[i].Contains(ip) {
			return true
		}
	}
	return false
}
