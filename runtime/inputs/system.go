package inputs

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// lookupLimit bounds one question to the system's resolver.
const lookupLimit = 30 * time.Second

// System implements conf.Inputs: this machine's files and its resolver.
type System struct{ conf.Files }

// LookupHost asks the system's resolver for the addresses of a name. What
// getaddrinfo takes for an IPv4 address, and Go for a name, is one: "127.1".
func (System) LookupHost(host string) ([]netip.Addr, error) {
	if ip, ok := shortIPv4(host); ok {
		return []netip.Addr{ip}, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupLimit)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// shortIPv4 reads the forms of inet_aton(3): one to four numbers, decimal, octal
// or hexadecimal, the last of which fills the bytes that are left.
func shortIPv4(text string) (ip netip.Addr, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) > 4 {
		return ip, false
	}
	var b [4]byte
	for i, part := range parts {
		digits, base := part, 10
		switch hex, isHex := strings.CutPrefix(strings.ToLower(part), "0x"); {
		case isHex:
			digits, base = hex, 16
		case len(part) > 1 && part[0] == '0':
			digits, base = part[1:], 8
		}
		n, err := strconv.ParseUint(digits, base, 32)
		if err != nil {
			return ip, false
		}
		if i < len(parts)-1 {
			if n > 255 {
				return ip, false
			}
			b[i] = byte(n)
			continue
		}
		if n >= 1<<(8*(4-i)) {
			return ip, false
		}
		for at := 3; at >= i; at-- {
			b[at] = byte(n)
			n >>= 8
		}
	}
	return netip.AddrFrom4(b), true
}
