package geo

import (
	"net/netip"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/module/geo/base"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Module is ngx_http_geo_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_geo_module", Register: register}
}

func register(b *httpd.Builder, m *conf.Module) {
	m.Block("geo", func(c *conf.Cmd) error { return define(b, c) })
}

// define handles `geo [$address] $variable { ... }`.
func define(b *httpd.Builder, c *conf.Cmd) error {
	v := &variable{source: -1}
	for i := range c.Args {
		name, ok := strings.CutPrefix(c.Arg(i), "$")
		if !ok || name == "" {
			return c.Errorf(`invalid variable name "%s"`, c.Arg(i))
		}
		if i < len(c.Args)-1 {
			v.source = b.Vars.Index(name)
			continue
		}
		v.base = base.Read(c)
		def := httpd.Var{Get: v.get, NoCache: v.base.Volatile, Changeable: true}
		if _, err := b.Vars.Add(name, def, false); err != nil {
			return c.Errorf("%s", err.Error())
		}
	}
	return nil
}

// variable is a geo block: where its address comes from, and the table.
type variable struct {
	source int // number of a variable, -1: the client
	base   *base.Base
}

// get computes the variable.
func (v *variable) get(r *httpd.Request, _ string) ([]byte, bool) {
	addr, ok := v.addr(r)
	if !ok {
		return v.base.Find(netip.Addr{}), true
	}
	if len(v.base.Proxies.List) > 0 {
		r.In.Forwarded(&addr, &v.base.Proxies, v.base.Recursive)
	}
	return v.base.Find(addr.IP()), true
}

// addr returns the address before proxies are looked at.
func (v *variable) addr(r *httpd.Request) (netaddr.Addr, bool) {
	if v.source < 0 {
		return *r.Peer(), true
	}
	text, ok := r.Lookup(v.source)
	if !ok {
		return netaddr.Addr{}, false
	}
	ip, ok := netaddr.ParseIP(text)
	return netaddr.AddrFrom(netip.AddrPortFrom(ip, 0)), ok
}
