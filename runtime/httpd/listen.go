package httpd

import (
	"net/netip"
	"runtime"
	"strconv"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// listen is one address of a listen directive.
type listen struct {
	server    *Server
	node      *conf.Node
	spec      netaddr.ListenSpec
	isDefault bool
	ssl       bool
	http2     bool
	proxy     bool
	set       bool // socket options were given
	dual      bool // ipv6only=off
	implied   bool
}

func (l *listen) protocols() int { return bits(l.proxy, l.ssl, l.http2) }

func anyAddr(port uint16) netaddr.Addr {
	return netaddr.AddrFrom(netip.AddrPortFrom(netip.IPv4Unspecified(), port))
}

// addListen handles the listen directive.
func (b *Builder) addListen(cmd *conf.Cmd) error {
	addrs, problem := parseListen(cmd.Arg(0), cmd.Loader.Inputs.LookupHost)
	if problem != "" {
		return cmd.Errorf(`%s in "%s" of the "listen" directive`, problem, cmd.Arg(0))
	}
	l := listen{server: b.locs.Of(cmd.Block).Server, node: cmd.Node}
	for i := 1; i < len(cmd.Args); i++ {
		if err := l.option(cmd, cmd.Arg(i)); err != nil {
			return err
		}
	}
	for _, a := range addrs {
		one := l
		one.spec.Addr = a
		if !a.IsUnix() && a.IP().Is6() && !one.dual {
			one.spec.IPv6Only = true
		}
		l.server.listens = append(l.server.listens, &one)
		problem, warning := b.join(&one)
		if problem != "" {
			return cmd.Errorf("%s", problem)
		}
		if warning != "" {
			cmd.Warnf("%s", warning)
		}
	}
	return nil
}

// option reads one parameter of listen.
func (l *listen) option(cmd *conf.Cmd, p string) error {
	name, value, hasValue := strings.Cut(p, "=")
	switch {
	case p == "default_server" || p == "default":
		l.isDefault = true
		return nil
	case p == "ssl":
		l.ssl = true
		return nil
	case p == "http2":
		cmd.Warnf(`the "listen ... http2" directive is deprecated, use the "http2" directive instead`)
		l.http2 = true
		return nil
	case p == "proxy_protocol":
		l.proxy = true
		return nil
	case p == "quic":
		return cmd.Errorf(`the "quic" parameter requires ngx_http_v3_module`)
	case p == "bind", p == "deferred", p == "reuseport", p == "multipath":
		l.spec.Deferred = l.spec.Deferred || p == "deferred"
		l.spec.ReusePort = l.spec.ReusePort || p == "reuseport"
		l.spec.Multipath = l.spec.Multipath || p == "multipath"
	case name == "setfib" && hasValue && runtime.GOOS == "freebsd":
		var ok bool
		if l.spec.FIB, ok = conf.ParseInt(value); !ok {
			return cmd.Errorf(`invalid setfib "%s"`, p)
		}
	case hasValue && socketOptions[name] != nil:
		if !socketOptions[name](&l.spec, value) {
			if name == "so_keepalive" {
				return cmd.Errorf(`invalid so_keepalive value: "%s"`, value)
			}
			return cmd.Errorf(`invalid %s "%s"`, name, p)
		}
	case name == "ipv6only" && strings.HasPrefix(value, "o"):
		switch value {
		case "on":
			l.dual = false
		case "off":
			l.dual = true
		default:
			return cmd.Errorf(`invalid ipv6only flags "%s"`, p[9:])
		}
	default:
		return cmd.Errorf(`invalid parameter "%s"`, p)
	}
	l.set = true
	return nil
}

// socketOptions read the parameters of the form name=value.
var socketOptions = map[string]func(*netaddr.ListenSpec, string) bool{
	"fastopen": func(s *netaddr.ListenSpec, v string) (ok bool) { s.FastOpen, ok = conf.ParseInt(v); return },
	"backlog": func(s *netaddr.ListenSpec, v string) (ok bool) {
		s.Backlog, ok = conf.ParseInt(v)
		return ok && s.Backlog > 0
	},
	"rcvbuf": func(s *netaddr.ListenSpec, v string) bool { n, ok := conf.ParseSize(v); s.RcvBuf = int(n); return ok },
	"sndbuf": func(s *netaddr.ListenSpec, v string) bool { n, ok := conf.ParseSize(v); s.SndBuf = int(n); return ok },
	"accept_filter": func(s *netaddr.ListenSpec, v string) bool {
		s.AcceptFilter = v
		return true
	},
	"so_keepalive": setKeepalive,
}

// setKeepalive reads so_keepalive: on, off or idle:interval:count.
func setKeepalive(s *netaddr.ListenSpec, v string) bool {
	switch v {
	case "on":
		s.Keepalive.On = true
		return true
	case "off":
		s.Keepalive.Off = true
		return true
	}
	parts := strings.SplitN(v, ":", 3)
	var n [3]int64
	for i, p := range parts {
		if p == "" {
			continue
		}
		var ok bool
		if i < 2 {
			n[i], ok = conf.ParseSec(p)
		} else {
			var c int
			c, ok = conf.ParseInt(p)
			n[i] = int64(c)
		}
		if !ok {
			return false
		}
	}
	if n == [3]int64{} {
		return false
	}
	s.Keepalive = netaddr.Keepalive{On: true, Idle: Msec(n[0] * 1000), Interval: Msec(n[1] * 1000), Count: int(n[2])}
	return true
}

// parseListen reads the address of listen: port, host, host:port, [v6]:port,
// *:port, unix:path. The text names the problem as nginx does.
func parseListen(s string, lookup func(host string) ([]netip.Addr, error)) (addrs []netaddr.Addr, problem string) {
	if path, ok := strings.CutPrefix(strings.ToLower(s[:min(5, len(s))])+s[min(5, len(s)):], "unix:"); ok {
		if path == "" {
			return nil, "no path in the unix domain socket"
		}
		if len(path) >= 108 {
			return nil, "too long path in the unix domain socket"
		}
		return []netaddr.Addr{netaddr.UnixAddr(path)}, ""
	}
	host, port, problem := splitHostPort(s, 80)
	if problem != "" {
		return nil, problem
	}
	for p := port[0]; p <= port[1]; p++ {
		list, problem := resolveListen(host, uint16(p), lookup)
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

func resolveListen(host string, port uint16, lookup func(host string) ([]netip.Addr, error)) ([]netaddr.Addr, string) {
	if host == "" || host == "[]" {
		return nil, "no host"
	}
	if host == "*" {
		return []netaddr.Addr{anyAddr(port)}, ""
	}
	if strings.HasPrefix(host, "[") {
		ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
		if err != nil || !ip.Is6() {
			return nil, "invalid IPv6 address"
		}
		return []netaddr.Addr{netaddr.AddrFrom(netip.AddrPortFrom(ip, port))}, ""
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() {
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
