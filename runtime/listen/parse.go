package listen

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Wildcard is the address *:port.
func Wildcard(port uint16) netaddr.Addr {
	return netaddr.AddrFrom(netip.AddrPortFrom(netip.IPv4Unspecified(), port))
}

// Addresses reads the address of listen: port, host, host:port, [v6]:port, *:port,
// unix:path. std is the port where none is given; lookup resolves names. problem says
// what is wrong, in nginx's words.
func Addresses(s string, std int, lookup func(host string) ([]netip.Addr, error)) (addrs []netaddr.Addr, problem string) {
	if path, ok := strings.CutPrefix(strings.ToLower(s[:min(5, len(s))])+s[min(5, len(s)):], "unix:"); ok {
		if path == "" {
			return nil, "no path in the unix domain socket"
		}
		if len(path) >= 108 {
			return nil, "too long path in the unix domain socket"
		}
		return []netaddr.Addr{netaddr.UnixAddr(path)}, ""
	}
	host, port, problem := splitHostPort(s, std)
	if problem != "" {
		return nil, problem
	}
	for p := port[0]; p <= port[1]; p++ {
		list, problem := resolve(host, uint16(p), lookup)
		if problem != "" {
			return nil, problem
		}
		addrs = append(addrs, list...)
	}
	return addrs, ""
}

// splitHostPort splits host[:port[-port]]; a lone number is a port.
func splitHostPort(s string, std int) (host string, port [2]int, problem string) {
	host, rest := s, ""
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", port, "invalid host"
		}
		host, rest = s[:end+1], s[end+1:]
		if rest != "" && rest[0] != ':' {
			return "", port, "invalid host"
		}
		if rest == ":" {
			return "", port, "invalid port"
		}
		rest = strings.TrimPrefix(rest, ":")
	} else if i := strings.IndexByte(s, ':'); i >= 0 {
		host, rest = s[:i], s[i+1:]
		if rest == "" {
			return "", port, "invalid port"
		}
	} else if p, bad := parsePorts(s); bad == "" {
		return "*", p, ""
	} else if areNumbers(s) {
		return "", port, bad
	}
	if strings.ContainsAny(s, "/?") {
		return "", port, "invalid host"
	}
	if rest == "" {
		return host, [2]int{std, std}, ""
	}
	p, bad := parsePorts(rest)
	return host, p, bad
}

// areNumbers reports whether s is a number or two with a dash between, and so
// meant as a port or a range of ports; else it is a host's name.
func areNumbers(s string) bool {
	low, high, isRange := strings.Cut(s, "-")
	_, ok := conf.ParseInt(low)
	if isRange && ok {
		_, ok = conf.ParseInt(high)
	}
	return ok
}

func parsePorts(s string) (p [2]int, problem string) {
	low, high, isRange := strings.Cut(s, "-")
	a, err := strconv.Atoi(low)
	if err != nil || a < 1 || a > 65535 {
		return p, "invalid port"
	}
	b := a
	if isRange {
		if b, err = strconv.Atoi(high); err != nil || b < 1 || b > 65535 {
			return p, "invalid port"
		}
		if a > b {
			return p, "invalid port range"
		}
	}
	return [2]int{a, b}, ""
}

func resolve(host string, port uint16, lookup func(host string) ([]netip.Addr, error)) ([]netaddr.Addr, string) {
	if host == "" || host == "[]" {
		return nil, "no host"
	}
	if host == "*" {
		return []netaddr.Addr{Wildcard(port)}, ""
	}
	if strings.HasPrefix(host, "[") {
		ip, ok := netaddr.ParseIP([]byte(strings.Trim(host, "[]")))
		if !ok || !ip.Is6() {
			return nil, "invalid IPv6 address"
		}
		return []netaddr.Addr{netaddr.AddrFrom(netip.AddrPortFrom(ip, port))}, ""
	}
	if ip, ok := netaddr.ParseIP([]byte(host)); ok {
		return []netaddr.Addr{netaddr.AddrFrom(netip.AddrPortFrom(ip, port))}, ""
	}
	ips, err := lookup(host)
	if err != nil || len(ips) == 0 {
		return nil, "host not found"
	}
	var out []netaddr.Addr
	for _, ip := range ips {
		out = append(out, netaddr.AddrFrom(netip.AddrPortFrom(ip.Unmap(), port)))
	}
	return out, ""
}
