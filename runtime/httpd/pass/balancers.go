package pass

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// use makes m the balancing method of u. As in nginx sticky has to follow the method: one
// that came before is lost, with the same warning.
func (u *Upstream) use(c *conf.Cmd, m upstream.Balancer, allowed param) {
	if u.method != nil || u.sticky != nil {
		c.Warnf("load balancing method redefined")
	}
	u.method, u.allowed, u.byIP, u.key, u.sticky = m, allowed, false, nil, nil
}

// bindMethods binds the directives that choose a balancing method.
func bindMethods(b *httpd.Builder, m *conf.Module, of func(*conf.Cmd) *Upstream) {
	m.Directive("ip_hash", func(c *conf.Cmd) error {
		u := of(c)
		u.use(c, upstream.IPHash{}, paramPlain)
		u.byIP = true
		return nil
	})
	m.Directive("least_conn", func(c *conf.Cmd) error {
		of(c).use(c, upstream.LeastConn{}, paramAll)
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
		u := of(c)
		u.use(c, method, paramPlain)
		u.key = key
		return nil
	})
	m.Directive("random", func(c *conf.Cmd) error { return of(c).setRandom(c) })
	m.Directive("least_time", func(c *conf.Cmd) error { return of(c).setLeastTime(c) })
}

// setRandom handles random.
func (u *Upstream) setRandom(c *conf.Cmd) error {
	m := upstream.Random{Two: len(c.Args) > 0}
	if m.Two && c.Arg(0) != "two" {
		return c.Errorf(`invalid parameter "%s"`, c.Arg(0))
	}
	switch c.Arg(1) {
	case "least_time=header":
		m.Time = &upstream.LeastTime{}
	case "least_time=last_byte":
		m.Time = &upstream.LeastTime{LastByte: true}
	case "least_conn":
	default:
		if len(c.Args) == 2 {
			return c.Errorf(`invalid parameter "%s"`, c.Arg(1))
		}
	}
	u.use(c, m, paramPlain)
	return nil
}

// setLeastTime handles least_time.
func (u *Upstream) setLeastTime(c *conf.Cmd) error {
	if u.leastTime {
		return c.Bad("is duplicate")
	}
	m := &upstream.LeastTime{}
	u.leastTime = true
	u.use(c, m, paramAll)
	if len(c.Args) == 2 {
		if c.Arg(1) != "inflight" {
			return c.Errorf(`invalid parameter "%s"`, c.Arg(1))
		}
		m.Inflight = true
	}
	switch c.Arg(0) {
	case "header":
	case "last_byte":
		m.LastByte = true
	default:
		return c.Errorf(`invalid value "%s"`, c.Arg(0))
	}
	return nil
}
