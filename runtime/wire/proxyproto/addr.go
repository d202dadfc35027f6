package proxyproto

import (
	"net/netip"
	"strconv"
)

// AppendAddr appends a in nginx's notation. It differs from netip's in that the
// low half of "::a.b.c.d" is dotted too, and in that zones are left out. An
// IPv4 address mapped to IPv6 stays IPv6.
func AppendAddr(dst []byte, a netip.Addr) []byte {
	switch {
	case a.Is4():
		ip := a.As4()
		return appendIPv4(dst, ip[:])
	case a.Is6():
		ip := a.As16()
		return appendIPv6(dst, ip[:])
	}
	return dst
}

// appendIPv4 appends the four bytes of ip with dots.
func appendIPv4(dst, ip []byte) []byte {
	for i := range 4 {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendUint(dst, uint64(ip[i]), 10)
	}
	return dst
}

// appendIPv6 appends the sixteen bytes of ip: groups in lower case, the longest
// run of two or more zero groups, the first of equals, as "::".
func appendIPv6(dst, ip []byte) []byte {
	zeros, run := zeroRun(ip)
	groups := 8
	if zeros == 0 && dotted(ip, run) {
		groups = 6
	}
	for g := 0; g < groups; {
		if g == zeros && run > 0 {
			dst = append(dst, ':', ':')
			g += run
			continue
		}
		dst = strconv.AppendUint(dst, uint64(ip[2*g])<<8|uint64(ip[2*g+1]), 16)
		if g++; g < 8 && (g != zeros || run == 0) {
			dst = append(dst, ':')
		}
	}
	if groups == 6 {
		dst = appendIPv4(dst, ip[12:])
	}
	return dst
}

// zeroRun returns the first of the longest runs of zero groups; run is 0 if none
// has two.
func zeroRun(ip []byte) (first, run int) {
	for g := 0; g < 8; g++ {
		n := 0
		for g+n < 8 && ip[2*(g+n)] == 0 && ip[2*(g+n)+1] == 0 {
			n++
		}
		if n > max(run, 1) {
			first, run = g, n
		}
		g += n
	}
	return first, run
}

// dotted tells whether nginx writes the last two groups of an address that
// begins with run zero groups as IPv4: mapped and compatible addresses, and of
// those with a zero seventh group the ones that are not like ::1.
func dotted(ip []byte, run int) bool {
	switch run {
	case 5:
		return ip[10] == 0xff && ip[11] == 0xff
	case 6:
		return true
	case 7:
		return ip[14] != 0 && ip[15] != 1
	}
	return false
}
