package realip

import (
	"net/netip"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_realip_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_realip_module", Register: register}
}

// source is where real_ip_header takes the address from.
type source uint8

const (
	fromRealIP source = iota
	fromForwarded
	fromProxy
	fromHeader // any other field
)

// settings are the directives of a block.
type settings struct {
	from      conf.Slot[*netaddr.Networks] // set_real_ip_from
	source    source
	header    string
	recursive bool
}

func (s *settings) bind(t *conf.Table) {
	t.Func("set_real_ip_from", func(c *conf.Cmd) error {
		if !s.from.SetAt(c.Block) {
			s.from.Set(c.Block, &netaddr.Networks{})
		}
		return trust(s.from.V, c)
	})
	t.Func("real_ip_header", func(c *conf.Cmd) error {
		switch s.header = c.Arg(0); s.header {
		case "X-Real-IP":
			s.source = fromRealIP
		case "X-Forwarded-For":
			s.source = fromForwarded
		case "proxy_protocol":
			s.source = fromProxy
		default:
			s.source = fromHeader
		}
		return nil
	})
	t.Flag("real_ip_recursive", &s.recursive)
}

// trust adds the address, network or host of a set_real_ip_from directive.
func trust(n *netaddr.Networks, c *conf.Cmd) error {
	text := c.Arg(0)
	if text == "unix:" {
		n.Unix = true
		return nil
	}
	if p, exact, ok := netaddr.ParseCIDR(text); ok {
		if !exact {
			c.Warnf("low address bits of %s are meaningless", text)
		}
		n.List = append(n.List, p)
		return nil
	}
	ips, err := c.Loader.Inputs.LookupHost(text)
	if err != nil || len(ips) == 0 {
		return c.Errorf(`host not found in set_real_ip_from "%s"`, text)
	}
	for _, ip := range ips {
		ip = ip.Unmap()
		n.List = append(n.List, netip.PrefixFrom(ip, ip.BitLen()))
	}
	return nil
}

func register(b *httpd.Builder, m *conf.Module) {
	section := conf.NewSection(m, settings{}, (*settings).bind)
	b.Plan(func(p *httpd.Plan) {
		s := section.Of(p.Block)
		if !s.from.IsSet() {
			return
		}
		if p.Location == p.Location.Server.Root {
			p.PostRead(s.handle)
		}
		p.PreAccess(s.handle)
	})
	b.Vars.Define("realip_remote_addr", httpd.Var{Get: func(r *httpd.Request, _ string) ([]byte, bool) {
		return r.Client().Peer.AppendHost(r.Alloc(maxText)[:0]), true
	}})
	b.Vars.Define("realip_remote_port", httpd.Var{Get: func(r *httpd.Request, _ string) ([]byte, bool) {
		if port := r.Client().Peer.Port(); port > 0 {
			return r.Number(int64(port)), true
		}
		return nil, true
	}})
}

// maxText is more than the length of any address as text.
const maxText = 64

// handle replaces the client's address unless that has been done.
func (s *settings) handle(r *httpd.Request) httpd.Result {
	if r.PeerReplaced() {
		return httpd.Declined
	}
	addr := *r.Peer()
	if s.source == fromForwarded {
		if r.In.Forwarded(&addr, s.from.V, s.recursive) {
			r.SetPeer(addr)
		}
		return httpd.Declined
	}
	value, ok := s.value(r)
	if !ok {
		return httpd.Declined
	}
	if changed, _ := header.ForwardedBy(&addr, value, s.from.V, s.recursive); changed {
		if s.source == fromProxy {
			addr = netaddr.AddrFrom(netip.AddrPortFrom(addr.IP(), r.Client().Proxy.SourcePort))
		}
		r.SetPeer(addr)
	}
	return httpd.Declined
}

// value returns the text that names the client.
func (s *settings) value(r *httpd.Request) ([]byte, bool) {
	switch s.source {
	case fromRealIP:
		return r.In.Get(h1.XRealIP), r.In.Has(h1.XRealIP)
	case fromProxy:
		if p := r.Client().Proxy; p != nil {
			return p.Source, true
		}
		return nil, false
	}
	for i := range r.In.List {
		if f := &r.In.List[i]; h1.EqualFold(f.Name, s.header) {
			return f.Value, true
		}
	}
	return nil, false
}
