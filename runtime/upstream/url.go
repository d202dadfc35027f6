package upstream

import (
	"net/netip"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// URL is the address part of proxy_pass and similar directives, or of a server line:
// HOST[:PORT][URI] or unix:PATH[:URI].
type URL struct {
	Text     string // as it was given
	Host     string // without the port; the path of a unix socket
	Port     int    // the default port when NoPort; 0 for a unix socket
	PortText string // "" without one
	NoPort   bool
	URI      string // from the slash or question mark on
	Unix     bool
	Addrs    []netaddr.Addr // an address literal or unix path; nil for a name
}

// Error is what is wrong with an address, in nginx's words.
type Error string

func (e Error) Error() string { return string(e) }

// maxUnixPath is the room for a path in a unix socket's address.
const maxUnixPath = 107

// ParseURL reads an address as nginx's ngx_parse_url does. Names are not resolved.
// uri allows a URI part behind the address.
func ParseURL(text string, defaultPort int, uri bool) (URL, error) {
	u := URL{Text: text}
	if len(text) >= 5 && strings.EqualFold(text[:5], "unix:") {
		return u, u.parseUnix(text[5:], uri)
	}
	if strings.HasPrefix(text, "[") {
		return u, u.parseInet6(text, defaultPort, uri)
	}
	return u, u.parseInet(text, defaultPort, uri)
}

func (u *URL) parseUnix(path string, uri bool) error {
	if uri {
		path, u.URI, _ = strings.Cut(path, ":")
	}
	switch {
	case path == "":
		return Error("no path in the unix domain socket")
	case len(path) > maxUnixPath:
		return Error("too long path in the unix domain socket")
	}
	u.Host, u.Unix = path, true
	u.Addrs = []netaddr.Addr{netaddr.UnixAddr(path)}
	return nil
}

func (u *URL) parseInet(text string, defaultPort int, uri bool) error {
	host := text
	if i := strings.IndexAny(host, "/?"); i >= 0 {
		if !uri {
			return Error("invalid host")
		}
		host, u.URI = host[:i], host[i:]
	}
	if i := strings.IndexByte(host, ':'); i >= 0 {
		if err := u.setPort(host[i+1:]); err != nil {
			return err
		}
		host = host[:i]
	} else {
		u.NoPort, u.Port = true, defaultPort
	}
	if host == "" {
		return Error("no host")
	}
	u.Host = host
	if ip, ok := netaddr.ParseIP([]byte(host)); ok {
		u.Addrs = []netaddr.Addr{netaddr.AddrFrom(netip.AddrPortFrom(ip, uint16(u.Port)))}
	}
	return nil
}

func (u *URL) parseInet6(text string, defaultPort int, uri bool) error {
	end := strings.IndexByte(text, ']')
	if end < 0 {
		return Error("invalid host")
	}
	rest := text[end+1:]
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		if !uri {
			return Error("invalid host")
		}
		rest, u.URI = rest[:i], rest[i:]
	}
	switch {
	case rest == "":
		u.NoPort, u.Port = true, defaultPort
	case rest[0] != ':':
		return Error("invalid host")
	default:
		if err := u.setPort(rest[1:]); err != nil {
			return err
		}
	}
	if end == 1 {
		return Error("no host")
	}
	u.Host = text[:end+1]
	ip, ok := netaddr.ParseIP([]byte(text[1:end]))
	if !ok || !ip.Is6() {
		return Error("invalid IPv6 address")
	}
	u.Addrs = []netaddr.Addr{netaddr.AddrFrom(netip.AddrPortFrom(ip, uint16(u.Port)))}
	return nil
}

func (u *URL) setPort(text string) error {
	n := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' || n > 65535 {
			return Error("invalid port")
		}
		n = n*10 + int(text[i]-'0')
	}
	if n < 1 || n > 65535 {
		return Error("invalid port")
	}
	u.Port, u.PortText = n, text
	return nil
}

// Resolve fills in Addrs of a name with the result of lookup, IPv4 first. It is
// called once, while a configuration is loaded.
func (u *URL) Resolve(lookup func(host string) ([]netip.Addr, error)) error {
	if u.Addrs != nil {
		return nil
	}
	ips, err := lookup(u.Host)
	if err != nil || len(ips) == 0 {
		return Error("host not found")
	}
	for _, want4 := range []bool{true, false} {
		for _, ip := range ips {
			if ip = ip.Unmap(); ip.Is4() == want4 {
				u.Addrs = append(u.Addrs, netaddr.AddrFrom(netip.AddrPortFrom(ip, uint16(u.Port))))
			}
		}
	}
	return nil
}
