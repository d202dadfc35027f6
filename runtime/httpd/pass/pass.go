package pass

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/resolver"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// Module is ngx_http_upstream_module, with the balancing and keepalive
// modules' directives.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_upstream_module", Register: register}
}

// param is a set of parameters of server.
type param uint8

const (
	paramWeight param = 1 << iota
	paramMaxConns
	paramMaxFails
	paramFailTimeout
	paramDown
	paramBackup

	paramAll = paramWeight | paramMaxConns | paramMaxFails | paramFailTimeout | paramDown | paramBackup
)

// entry ties a block to its upstream.
type entry struct{ u *Upstream }

func register(b *httpd.Builder, m *conf.Module) {
	ups := Of(b)
	own := conf.NewOwn[entry](m)
	of := func(c *conf.Cmd) *Upstream { return own.Of(c.Block).u }
	m.Block("upstream", func(c *conf.Cmd) error {
		u, err := ups.add(c, &Upstream{
			Host: c.Arg(0), explicit: true, noPort: true, allowed: paramAll,
			keep: keepalive{size: -1, requests: 1000, lifetime: 3600000, timeout: 60000},
		}, nil)
		if err != nil {
			return err
		}
		block := c.Block.Child(conf.Upstream, c.Node)
		own.Write(block).u = u
		c.Enter(block)
		if !hasServer(c) {
			c.EndErr("no servers are inside upstream")
		}
		return nil
	})
	m.Directive("server", func(c *conf.Cmd) error { return of(c).addServer(c) })
	m.Directive("zone", func(c *conf.Cmd) error { return of(c).setZone(c) })
	m.Directive("resolver", checkResolver)
	m.Directive("resolver_timeout", func(c *conf.Cmd) error {
		if _, ok := conf.ParseMsec(c.Arg(0)); !ok {
			return c.Bad("invalid value")
		}
		return nil
	})
	bindMethods(b, m, of)
	bindKeepalive(m, of)
	defineVars(b)
	b.Loader.AtEnd(func() error { return ups.complete(b) })
}

// checkResolver reads the resolver directive of an upstream block, which only
// servers with the parameter resolve would use.
func checkResolver(c *conf.Cmd) error {
	if _, err := resolver.Parse(c.Values(), c.Loader.Inputs.LookupHost); err != nil {
		return c.Errorf("%s", err.Error())
	}
	return nil
}

func hasServer(c *conf.Cmd) bool {
	for _, n := range c.Children {
		if n.Name.Value == "server" {
			return true
		}
	}
	return false
}

func bindMethods(b *httpd.Builder, m *conf.Module, of func(*conf.Cmd) *Upstream) {
	use := func(c *conf.Cmd, method upstream.Balancer, allowed param) *Upstream {
		u := of(c)
		if u.method != nil {
			c.Warnf("load balancing method redefined")
		}
		u.method, u.allowed, u.byIP, u.key = method, allowed, false, nil
		return u
	}
	m.Directive("ip_hash", func(c *conf.Cmd) error {
		use(c, upstream.IPHash{}, paramAll&^paramBackup).byIP = true
		return nil
	})
	m.Directive("least_conn", func(c *conf.Cmd) error {
		use(c, upstream.LeastConn{}, paramAll)
		return nil
	})
	m.Directive("hash", func(c *conf.Cmd) error {
		key, err := b.Value(c, 0)
		if err != nil {
			return err
		}
		var method upstream.Balancer = upstream.Hash{}
		if len(c.Args) == 2 {
			if c.Arg(1) != "consistent" {
				return c.Errorf(`invalid parameter "%s"`, c.Arg(1))
			}
			method = upstream.Ketama{}
		}
		use(c, method, paramAll&^paramBackup).key = key
		return nil
	})
	m.Directive("random", func(c *conf.Cmd) error {
		two := len(c.Args) > 0
		switch {
		case two && c.Arg(0) != "two":
			return c.Errorf(`invalid parameter "%s"`, c.Arg(0))
		case len(c.Args) == 2 && c.Arg(1) != "least_conn":
			return c.Errorf(`invalid parameter "%s"`, c.Arg(1))
		}
		use(c, upstream.Random{Two: two}, paramAll&^paramBackup)
		return nil
	})
}

func bindKeepalive(m *conf.Module, of func(*conf.Cmd) *Upstream) {
	m.Directive("keepalive", func(c *conf.Cmd) error {
		u := of(c)
		n, ok := conf.ParseInt(c.Arg(0))
		if !ok {
			return c.Errorf(`invalid value "%s" in "keepalive" directive`, c.Arg(0))
		}
		u.keep.size = n
		if len(c.Args) == 2 {
			if c.Arg(1) != "local" {
				return c.Errorf(`invalid parameter "%s"`, c.Arg(1))
			}
			u.keep.local = true
		}
		return nil
	})
	m.Directive("keepalive_requests", func(c *conf.Cmd) error {
		n, ok := conf.ParseInt(c.Arg(0))
		if !ok {
			return c.Bad("invalid number")
		}
		of(c).keep.requests = n
		return nil
	})
	msec := func(name string, field func(k *keepalive) *int64) {
		m.Directive(name, func(c *conf.Cmd) error {
			n, ok := conf.ParseMsec(c.Arg(0))
			if !ok {
				return c.Bad("invalid value")
			}
			*field(&of(c).keep) = n
			return nil
		})
	}
	msec("keepalive_time", func(k *keepalive) *int64 { return &k.lifetime })
	msec("keepalive_timeout", func(k *keepalive) *int64 { return &k.timeout })
}

// setZone handles zone. State is always shared here, so only the form counts,
// and that the name fits the other zones.
func (u *Upstream) setZone(c *conf.Cmd) error {
	if c.Arg(0) == "" {
		return c.Errorf(`invalid zone name "%s"`, c.Arg(0))
	}
	size := int64(0)
	if len(c.Args) == 2 {
		var ok bool
		size, ok = conf.ParseSize(c.Arg(1))
		switch {
		case !ok:
			return c.Errorf(`invalid zone size "%s"`, c.Arg(1))
		case size < 8*4096:
			return c.Errorf(`zone "%s" is too small`, c.Arg(0))
		}
	}
	u.zone = true
	return c.SharedZone(c.Arg(0), size, "ngx_http_upstream_module")
}

// addServer handles server.
func (u *Upstream) addServer(c *conf.Cmd) error {
	s := upstream.Server{Weight: 1, MaxFails: 1, FailTimeout: 10}
	for _, a := range c.Args[1:] {
		if err := u.serverParam(c, &s, a.Value); err != nil {
			return err
		}
	}
	url, err := upstream.ParseURL(c.Arg(0), 80, false)
	if err == nil {
		err = url.Resolve(c.Loader.Inputs.LookupHost)
	}
	if err != nil {
		return c.Errorf(`%s in upstream "%s"`, err, c.Arg(0))
	}
	s.Name, s.Addrs = c.Arg(0), url.Addrs
	u.servers = append(u.servers, s)
	return nil
}

func (u *Upstream) serverParam(c *conf.Cmd, s *upstream.Server, text string) error {
	name, value, _ := strings.Cut(text, "=")
	need := paramWeight
	var ok bool
	switch name {
	case "weight":
		s.Weight, ok = conf.ParseInt(value)
		ok = ok && s.Weight > 0
	case "max_conns":
		need = paramMaxConns
		s.MaxConns, ok = conf.ParseInt(value)
	case "max_fails":
		need = paramMaxFails
		s.MaxFails, ok = conf.ParseInt(value)
	case "fail_timeout":
		need = paramFailTimeout
		s.FailTimeout, ok = conf.ParseSec(value)
	case "backup":
		need, s.Backup, ok = paramBackup, true, text == name
	case "down":
		need, s.Down, ok = paramDown, true, text == name
	case "resolve", "service", "route", "drain", "slow_start":
		return c.Errorf(`"%s" parameter is known to nginx but not supported here`, text)
	default:
		ok, need = false, 0
	}
	switch {
	case need&^u.allowed != 0:
		return c.Errorf(`balancing method does not support parameter "%s"`, text)
	case !ok:
		return c.Errorf(`invalid parameter "%s"`, text)
	}
	return nil
}
