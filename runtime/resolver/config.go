package resolver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Config is a `resolver` directive.
type Config struct {
	// Servers are queried in turn; with none, every name that is not an address is
	// ErrNoServers.
	Servers []netip.AddrPort
	// Valid replaces the TTL of answers when it is set (`valid=`).
	Valid time.Duration
	// IPv4 and IPv6 say which addresses to look up (`ipv4=`, `ipv6=`).
	IPv4, IPv6 bool
	// StatusZone names the zone that shows Stats (`status_zone=`), or is empty.
	StatusZone string

	// Log takes messages of level error about servers and their answers; nil
	// drops them. It must be safe for concurrent use.
	Log func(text string)
	// Dial opens connections to servers; network is "udp" or "tcp". The context
	// ends with the lookup. Nil is package net's.
	Dial func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error)
}

// errUnix is ours: nginx takes such a server and cannot talk to it.
const errUnix = "unix domain sockets are not supported"

// Parse reads the arguments of a resolver directive. Names among the servers are
// looked up with lookup (nil: the system's resolver). The error is nginx's
// message, up to the " in FILE:LINE" the caller adds.
func Parse(args []string, lookup func(host string) ([]netip.Addr, error)) (*Config, error) {
	c := &Config{IPv4: true, IPv6: true}
	for _, arg := range args {
		var err error
		name, value, _ := strings.Cut(arg, "=")
		switch name + "=" {
		case "valid=":
			c.Valid, err = parseTime(arg, value)
		case "ipv4=":
			c.IPv4, err = parseSwitch(arg, value)
		case "ipv6=":
			c.IPv6, err = parseSwitch(arg, value)
		case "status_zone=":
			c.StatusZone = value
		default:
			err = c.addServer(arg, lookup)
		}
		if err != nil {
			return nil, err
		}
	}
	if !c.IPv4 && !c.IPv6 {
		return nil, errors.New(`"ipv4" and "ipv6" cannot both be "off"`)
	}
	if len(args) > 0 && len(c.Servers) == 0 {
		return nil, errors.New("no name servers defined")
	}
	return c, nil
}

// parseSwitch reads on or off.
func parseSwitch(arg, value string) (bool, error) {
	switch value {
	case "on":
		return true, nil
	case "off":
		return false, nil
	}
	return false, errors.New("invalid parameter: " + arg)
}

// parseTime reads nginx's notation of a time in whole seconds: 30, 10m, 1h30m.
func parseTime(arg, value string) (time.Duration, error) {
	invalid := errors.New("invalid parameter: " + arg)
	units := "yMwdhms" // each may appear once, in this order
	sizes := map[byte]int64{'y': 31536000, 'M': 2592000, 'w': 604800, 'd': 86400, 'h': 3600, 'm': 60, 's': 1}
	const most = 1 << 31
	total, bare := int64(0), false
	for rest := value; ; {
		digits := 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		n, err := strconv.ParseInt(rest[:digits], 10, 32)
		if err != nil || bare {
			return 0, invalid
		}
		size := int64(1)
		if rest = rest[digits:]; rest == "" || rest[0] == ' ' {
			bare = true
		} else {
			i := strings.IndexByte(units, rest[0])
			if i < 0 {
				return 0, invalid
			}
			size, units = sizes[rest[0]], units[i+1:]
			rest = rest[1:]
		}
		if total += n * size; total > most {
			return 0, invalid
		}
		if rest = strings.TrimLeft(rest, " "); rest == "" {
			return time.Duration(total) * time.Second, nil
		}
	}
}

// addServer adds the addresses of a server given as host, host:port, [v6] or
// [v6]:port; the port is 53 when absent.
func (c *Config) addServer(arg string, lookup func(string) ([]netip.Addr, error)) error {
	addrs, port, problem := parseServer(arg, lookup)
	if problem != "" {
		return errors.New(problem + ` in resolver "` + arg + `"`)
	}
	for _, a := range addrs {
		c.Servers = append(c.Servers, netip.AddrPortFrom(a.Unmap(), port))
	}
	return nil
}

// parseServer splits and looks up a server; problem is nginx's word for what is
// wrong with it.
func parseServer(arg string, lookup func(string) ([]netip.Addr, error)) (addrs []netip.Addr, port uint16, problem string) {
	host, rest := arg, ""
	v6 := strings.HasPrefix(arg, "[")
	switch {
	case strings.HasPrefix(strings.ToLower(arg), "unix:"):
		return nil, 0, errUnix
	case v6:
		var closed bool
		if host, rest, closed = strings.Cut(arg[1:], "]"); !closed || rest != "" && rest[0] != ':' {
			return nil, 0, "invalid host"
		}
	case strings.ContainsAny(arg, "/?"):
		return nil, 0, "invalid host"
	default:
		if i := strings.IndexByte(arg, ':'); i >= 0 {
			host, rest = arg[:i], arg[i:]
		}
	}
	port = 53
	if rest != "" {
		n, err := strconv.ParseUint(rest[1:], 10, 16)
		if err != nil || n == 0 {
			return nil, 0, "invalid port"
		}
		port = uint16(n)
	}
	if host == "" {
		return nil, 0, "no host"
	}
	if a, ok := netaddr.ParseIP([]byte(host)); ok && a.Is4() != v6 {
		return []netip.Addr{a}, port, ""
	}
	if v6 {
		return nil, 0, "invalid IPv6 address"
	}
	if lookup == nil {
		lookup = systemLookup
	}
	addrs, err := lookup(host)
	if err != nil || len(addrs) == 0 {
		return nil, 0, "host not found"
	}
	return addrs, port, ""
}

// systemLookup finds a name server's own addresses while a configuration loads.
func systemLookup(host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(context.Background(), "ip", host)
}
