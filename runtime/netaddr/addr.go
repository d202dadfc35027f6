package netaddr

import (
	"net"
	"net/netip"
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// Addr is a socket address: an IP address with a port, or a unix socket's
// path. The zero Addr is no address. It prints itself as nginx does and
// satisfies net.Addr.
type Addr struct{ a raw.Addr }

// AddrFrom is the Addr of an IP address and port.
func AddrFrom(ap netip.AddrPort) Addr { return Addr{raw.Addr{IP: ap}} }

// UnixAddr is the Addr of the unix socket at path; an empty path is the
// unnamed socket of most clients.
func UnixAddr(path string) Addr { return Addr{raw.Addr{Unix: true, Path: path}} }

// AddrOf converts what package net hands out; an unknown kind gives the zero
// Addr.
func AddrOf(a net.Addr) Addr {
	switch a := a.(type) {
	case *Addr:
		return *a
	case *net.TCPAddr:
		return AddrFrom(a.AddrPort())
	case *net.UDPAddr:
		return AddrFrom(a.AddrPort())
	case *net.UnixAddr:
		return UnixAddr(a.Name)
	}
	return Addr{}
}

// IsValid tells whether a is an address at all.
func (a *Addr) IsValid() bool { return a.a.Unix || a.a.IP.Addr().IsValid() }

// IsUnix tells whether a belongs to a unix socket.
func (a *Addr) IsUnix() bool { return a.a.Unix }

// IsWildcard tells whether a is 0.0.0.0 or ::, with any port.
func (a *Addr) IsWildcard() bool { return a.a.IP.Addr().IsUnspecified() }

// IP is the address without its port; invalid for a unix socket.
func (a *Addr) IP() netip.Addr { return a.a.IP.Addr() }

// AddrPort is the address with its port; invalid for a unix socket.
func (a *Addr) AddrPort() netip.AddrPort { return a.a.IP }

// Port is the port number, 0 for a unix socket.
func (a *Addr) Port() uint16 { return a.a.IP.Port() }

// Path is a unix socket's path, "" when it has none.
func (a *Addr) Path() string { return a.a.Path }

// Network is "tcp" or "unix"; for net.Addr.
func (a *Addr) Network() string {
	if a.a.Unix {
		return "unix"
	}
	return "tcp"
}

// String is AppendText as a string; for net.Addr.
func (a *Addr) String() string { return string(a.AppendText(nil)) }

// AppendText appends the address with its port: "127.0.0.1:80", "[::1]:80",
// "unix:/run/app.sock"; nothing for the zero Addr.
func (a *Addr) AppendText(dst []byte) []byte {
	ip := a.a.IP.Addr()
	switch {
	case a.a.Unix:
		return append(append(dst, "unix:"...), a.a.Path...)
	case !ip.IsValid():
		return dst
	case ip.Is4():
		dst = ip.AppendTo(dst)
	default:
		dst = append(AppendIP(append(dst, '['), ip), ']')
	}
	return strconv.AppendUint(append(dst, ':'), uint64(a.Port()), 10)
}

// AppendHost appends the address alone, as $remote_addr has it: "127.0.0.1",
// "::1", and "unix:" for every unix socket.
func (a *Addr) AppendHost(dst []byte) []byte {
	if a.a.Unix {
		return append(dst, "unix:"...)
	}
	return AppendIP(dst, a.a.IP.Addr())
}

// AppendIP appends an IP address in nginx's spelling. For IPv6 it is RFC 5952's
// except that an address whose first six groups are zero ends in dotted
// decimals ("::1.2.3.4"), as IPv4-mapped ones do everywhere.
func AppendIP(dst []byte, ip netip.Addr) []byte {
	if !ip.Is6() {
		if !ip.IsValid() {
			return dst
		}
		return ip.AppendTo(dst)
	}
	if v, ok := embedded4(ip); ok {
		if ip.Is4In6() {
			dst = append(dst, "::ffff:"...)
		} else {
			dst = append(dst, "::"...)
		}
		return netip.AddrFrom4(v).AppendTo(dst)
	}
	if ip.Zone() != "" {
		ip = ip.WithZone("")
	}
	return ip.AppendTo(dst)
}

// embedded4 returns the last four bytes of addresses that print them in dotted
// decimals: ::ffff:0:0/96, and ::/96 unless the low half is as small as in ::1.
func embedded4(ip netip.Addr) (v [4]byte, ok bool) {
	b := ip.As16()
	v = [4]byte(b[12:])
	if ip.Is4In6() {
		// ::ffff:0:x has only its first five groups in the longest run of
		// zeros as well, so the rule is the same.
		return v, true
	}
	for _, c := range b[:12] {
		if c != 0 {
			return v, false
		}
	}
	if v[0] == 0 && v[1] == 0 {
		return v, v[2] != 0 && v[3] != 1
	}
	return v, true
}

// Raw returns the address as system calls take and fill it.
func (a *Addr) Raw() *raw.Addr { return &a.a }

// ParseAddr reads "127.0.0.1:80", "[::1]:80" or "unix:/path". Names and bare
// ports are the configuration's.
func ParseAddr(s string) (Addr, error) {
	if len(s) > 5 && s[:5] == "unix:" {
		return UnixAddr(s[5:]), nil
	}
	ap, err := netip.ParseAddrPort(s)
	return AddrFrom(ap), err
}
