package access

import (
	"net/netip"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Module is ngx_http_access_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_access_module", Register: register}
}

// rule is an allow or deny directive.
type rule struct {
	deny, all, unix bool
	net             netip.Prefix
	node            *conf.Node
}

type settings struct{ rules conf.List[rule] }

func register(b *httpd.Builder, m *conf.Module) {
	s := conf.NewSection(m, settings{}, func(c *settings, t *conf.Table) {
		for _, name := range []string{"allow", "deny"} {
			t.Func(name, func(cmd *conf.Cmd) error { return c.add(cmd, name == "deny") })
		}
	})
	b.Plan(func(p *httpd.Plan) {
		if rules := s.Of(p.Block).rules.Items; rules != nil {
			p.Access(newChecker(rules, !p.Core.SatisfyAny).check)
		}
	})
}

// add handles allow and deny.
func (c *settings) add(cmd *conf.Cmd, deny bool) error {
	r := rule{deny: deny, node: cmd.Node}
	switch text := cmd.Arg(0); text {
	case "all":
		r.all = true
	case "unix:":
		r.unix = true
	default:
		p, exact, ok := netaddr.ParseCIDR(text)
		if !ok {
			return cmd.Errorf(`invalid parameter "%s"`, text)
		}
		if !exact {
			cmd.Warnf("low address bits of %s are meaningless", text)
		}
		r.net = p
	}
	c.rules.Add(cmd.Block, r)
	return nil
}

// network is a rule for addresses of one family.
type network struct {
	net  netip.Prefix
	rule *rule
}

// checker holds the rules of a location by address family.
type checker struct {
	v4, v6 []network
	unix   []*rule
	log    bool // a refusal is final, and logged here
}

func newChecker(rules []rule, log bool) *checker {
	c := &checker{log: log}
	for i := range rules {
		r := &rules[i]
		if r.all {
			c.v4 = append(c.v4, network{netip.PrefixFrom(netip.IPv4Unspecified(), 0), r})
			c.v6 = append(c.v6, network{netip.PrefixFrom(netip.IPv6Unspecified(), 0), r})
		} else if r.net.Addr().Is4() {
			c.v4 = append(c.v4, network{r.net, r})
		} else if r.net.IsValid() {
			c.v6 = append(c.v6, network{r.net, r})
		}
		if r.all || r.unix {
			c.unix = append(c.unix, r)
		}
	}
	return c
}

// check applies the first rule that fits the client.
func (c *checker) check(r *httpd.Request) httpd.Result {
	peer := r.Peer()
	if peer.IsUnix() {
		if len(c.unix) == 0 {
			return httpd.Declined
		}
		return c.decide(r, c.unix[0])
	}
	ip := peer.IP()
	list := c.v6
	if ip.Is4() || ip.Is4In6() && len(c.v4) > 0 {
		ip, list = ip.Unmap(), c.v4
	}
	for i := range list {
		if list[i].net.Contains(ip) {
			return c.decide(r, list[i].rule)
		}
	}
	return httpd.Declined
}

func (c *checker) decide(r *httpd.Request, rule *rule) httpd.Result {
	if t := r.Tracer(); t != nil {
		t.Event(r, &httpd.Event{Kind: httpd.EventRule, Node: rule.node})
	}
	if !rule.deny {
		return httpd.OK
	}
	if c.log {
		r.Errorf(nil, "access forbidden by rule")
	}
	return httpd.StatusForbidden
}
