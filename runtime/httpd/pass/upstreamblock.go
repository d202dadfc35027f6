package pass

import (
	"slices"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Module is ngx_http_upstream_module, with the balancing and keepalive
// modules' directives.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_upstream_module", Register: register}
}

// entry ties a block to its upstream.
type entry struct{ u *Upstream }

func register(b *httpd.Builder, m *conf.Module) {
	ups := Of(b)
	own := conf.NewOwn[entry](m)
	of := func(c *conf.Cmd) *Upstream { return own.Of(c.Block).u }
	m.Block("upstream", func(c *conf.Cmd) error {
		u, err := ups.add(c, &Upstream{
			Host: c.Arg(0), explicit: true, noPort: true, allowed: paramAll, http: c.Block, resolveTime: -1,
			keep: keepalive{size: -1, requests: 1000, lifetime: 3600000, timeout: 60000},
		}, nil)
		if err != nil {
			return err
		}
		block := c.Block.Child(conf.Upstream, c.Node)
		own.Write(block).u = u
		c.Enter(block)
		if !has(c, "server") && !has(c, "state") {
			c.EndErr("no servers are inside upstream")
		}
		return nil
	})
	m.Directive("server", func(c *conf.Cmd) error { return of(c).addServer(c) })
	m.Directive("zone", func(c *conf.Cmd) error { return of(c).setZone(c) })
	m.Directive("state", func(c *conf.Cmd) error { return of(c).setState(c) })
	m.Directive("resolver", func(c *conf.Cmd) error { return of(c).setResolver(b, c) })
	m.Directive("resolver_timeout", func(c *conf.Cmd) error {
		n, ok := conf.ParseMsec(c.Arg(0))
		if !ok {
			return c.Bad("invalid value")
		}
		of(c).resolveTime = n
		return nil
	})
	m.Directive("ntlm", func(c *conf.Cmd) error {
		of(c).ntlm = true
		return nil
	})
	m.Directive("queue", func(c *conf.Cmd) error { return of(c).setQueue(c) })
	m.Directive("sticky", func(c *conf.Cmd) error { return ups.setSticky(b, c, of(c)) })
	bindMethods(b, m, of)
	bindKeepalive(m, of)
	defineVars(b)
	b.Loader.AtEnd(func() error { return ups.complete(b) })
}

// has reports whether a directive is in the block of c.
func has(c *conf.Cmd, name string) bool {
	return slices.ContainsFunc(c.Children, func(n *conf.Node) bool { return n.Name.Value == name })
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
	u.zone = c.Arg(0)
	return c.SharedZone(c.Arg(0), size, "ngx_http_upstream_module")
}
