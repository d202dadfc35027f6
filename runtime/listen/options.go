package listen

import (
	"runtime"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Option reads a parameter that listen has in every protocol.
func (p *Params) Option(cmd *conf.Cmd, arg string) error {
	name, value, hasValue := strings.Cut(arg, "=")
	switch {
	case arg == "default_server" || arg == "default":
		p.Default = true
		return nil
	case arg == "ssl":
		p.SSL = true
		return nil
	case arg == "proxy_protocol":
		p.ProxyProtocol = true
		return nil
	case arg == "bind", arg == "deferred", arg == "reuseport", arg == "multipath":
		p.Spec.Deferred = p.Spec.Deferred || arg == "deferred"
		p.Spec.ReusePort = p.Spec.ReusePort || arg == "reuseport"
		p.Spec.Multipath = p.Spec.Multipath || arg == "multipath"
	case name == "setfib" && hasValue && runtime.GOOS == "freebsd":
		var ok bool
		if p.Spec.FIB, ok = conf.ParseInt(value); !ok {
			return cmd.Errorf(`invalid setfib "%s"`, arg)
		}
	case hasValue && socketOptions[name] != nil:
		if !socketOptions[name](&p.Spec, value) {
			if name == "so_keepalive" {
				return cmd.Errorf(`invalid so_keepalive value: "%s"`, value)
			}
			return cmd.Errorf(`invalid %s "%s"`, name, arg)
		}
	case name == "ipv6only" && strings.HasPrefix(value, "o"):
		switch value {
		case "on":
			p.dual = false
		case "off":
			p.dual = true
		default:
			return cmd.Errorf(`invalid ipv6only flags "%s"`, arg[9:])
		}
	default:
		return cmd.Errorf(`invalid parameter "%s"`, arg)
	}
	p.Set = true
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
	s.Keepalive = netaddr.Keepalive{On: true, Idle: seconds(n[0]), Interval: seconds(n[1]), Count: int(n[2])}
	return true
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
