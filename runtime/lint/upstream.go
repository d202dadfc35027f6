package lint

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// upstreamRules are about upstream blocks.
func upstreamRules() []*Rule {
	return []*Rule{
		{
			Name: "sticky-lost", Severity: Medium, check: stickyLost,
			Text: "A balancing method behind sticky replaces it: requests are not bound to servers. The configuration loads, " +
				"with a warning about the method. Write the method first.",
			Bad:  "upstream app { sticky cookie srv; least_conn; server 10.0.0.1; server 10.0.0.2; }",
			Good: "upstream app { least_conn; sticky cookie srv; server 10.0.0.1; server 10.0.0.2; }",
		},
		{
			Name: "lone-server", Severity: Info, check: loneServer,
			Text: "The only server of a group is never left out for its failures and never starts slowly: max_fails, fail_timeout " +
				"and slow_start have no effect there.",
			Bad:  "upstream app { server 10.0.0.1 max_fails=3 fail_timeout=30s; }",
			Good: "upstream app { server 10.0.0.1 max_fails=3 fail_timeout=30s; server 10.0.0.2; }",
		},
		{
			Name: "proxy-protocol-mixed", Severity: High, check: proxyProtocolMixed,
			Text: "The same server gets connections with the header of the PROXY protocol and without it. A server that expects the " +
				"header closes those without; one that does not takes it for a broken request; one that is content with both lets " +
				"clients choose their address.",
			Bad: "server { location / { proxy_protocol on; proxy_pass http://127.0.0.1:8000; }\n" +
				"location /api/ { proxy_pass http://127.0.0.1:8000; } }",
			Good: "server { proxy_protocol on; location / { proxy_pass http://127.0.0.1:8000; }\n" +
				"location /api/ { proxy_pass http://127.0.0.1:8000; } }",
		},
	}
}

// proxyProtocolMixed tells of each proxy_pass without the header to where others send it.
func proxyProtocolMixed(p *pass) {
	with := map[string]bool{}
	each := func(fn func(n *conf.Node, host string, on bool)) {
		p.all(func(s *scope, n *conf.Node) {
			_, rest, ok := strings.Cut(arg(n, 0), "://")
			if host, _, _ := strings.Cut(rest, "/"); ok && host != "" && !strings.Contains(rest, "$") {
				list, _ := s.holds("proxy_protocol")
				fn(n, strings.ToLower(host), len(list) > 0 && !strings.EqualFold(arg(list[0], 0), "off"))
			}
		}, "proxy_pass")
	}
	each(func(_ *conf.Node, host string, on bool) { with[host] = with[host] || on })
	each(func(n *conf.Node, host string, on bool) {
		if with[host] && !on {
			p.report(n, nil, "without the PROXY protocol's header, which %s gets in other locations", host)
		}
	})
}

func stickyLost(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		for _, m := range s.own("ip_hash", "least_conn", "least_time", "hash", "random") {
			if m.Seq > n.Seq {
				p.report(n, nil, "%s behind it replaces it", m.Name.Value)
				return
			}
		}
	}, "sticky")
}

func loneServer(p *pass) {
	for _, s := range p.scopes {
		list := s.own("server")
		if !s.in(conf.Upstream) || len(list) != 1 || len(s.own("zone", "state")) > 0 {
			continue
		}
		n := list[0]
		i := slices.IndexFunc(n.Args, func(a parser.Arg) bool {
			name, _, _ := strings.Cut(a.Value, "=")
			return name == "max_fails" || name == "fail_timeout" || name == "slow_start"
		})
		if i > 0 && isAddress(arg(n, 0)) {
			p.report(n, &n.Args[i], "has no effect: it is the only server")
		}
	}
}

// isAddress reports whether the text of a server is no name, which may have several
// addresses.
func isAddress(text string) bool {
	return strings.HasPrefix(text, "unix:") || strings.HasPrefix(text, "[") || strings.Trim(text, "0123456789.:") == ""
}
