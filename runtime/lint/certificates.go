package lint

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// certificateRules are about certificates that the server obtains by itself.
func certificateRules() []*Rule {
	const issuer = "acme_issuer ca { uri https://ca.example/dir; accept_terms_of_service; }\n"
	const used = "ssl_certificate $acme_certificate; ssl_certificate_key $acme_certificate_key; }"
	const plain = "server { listen 80; }\n"
	return []*Rule{
		{
			Name: "acme-unused", Severity: Low, check: acmeUnused,
			Text: "The server obtains a certificate and shows another one. Name it in `ssl_certificate $acme_certificate` and " +
				"`ssl_certificate_key $acme_certificate_key`.",
			Bad:  issuer + plain + "server { listen 443; server_name a.example; acme_certificate ca; }",
			Good: issuer + plain + "server { listen 443 ssl; server_name a.example; acme_certificate ca;\n" + used,
		},
		{
			Name: "acme-port", Severity: Medium, check: acmePort,
			Text: "The authority asks for the answer to http-01 on port 80, and to tls-alpn-01 on port 443, and no server listens " +
				"there. Unless something in front of this server passes it on, there will be no certificate.",
			Bad: issuer + "server { listen 443 ssl; server_name a.example; acme_certificate ca;\n" + used,
			Good: issuer + plain + "server { listen 443 ssl; server_name a.example; acme_certificate ca;\n" +
				used,
		},
		{
			Name: "acme-wildcard", Severity: High, check: acmeWildcard,
			Text: "Authorities give certificates for wildcard names to those alone who prove with dns-01 that the domain is theirs. " +
				"Name every host, or have an application change the DNS, with `challenge dns-01` and `acme_hook`.",
			Bad:  issuer + plain + "server { listen 443 ssl; server_name *.a.example; acme_certificate ca;\n" + used,
			Good: issuer + plain + "server { listen 443 ssl; server_name www.a.example b.a.example; acme_certificate ca;\n" + used,
		},
		{
			Name: "acme-terms", Severity: Low, check: acmeTerms,
			Text: "Most authorities make no account for who does not agree to their terms of service. Read them, and add " +
				"`accept_terms_of_service`.",
			Bad:  "acme_issuer ca { uri https://ca.example/dir; }",
			Good: issuer,
		},
	}
}

func acmeUnused(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		list, _ := s.holds("ssl_certificate")
		for _, c := range list {
			if strings.Contains(arg(c, 0), "$") { // also of a map that has it
				return
			}
		}
		p.report(n, nil, "the certificate is not shown by this server")
	}, "acme_certificate")
}

// challengeOf is the challenge of the issuer that acme_certificate names.
func (p *pass) challengeOf(name string) string {
	challenge := "http"
	p.all(func(s *scope, n *conf.Node) {
		if s.in(conf.ACMEIssuer) && arg(s.node, 0) == name {
			challenge = arg(n, 0)
		}
	}, "challenge")
	return challenge
}

func acmePort(p *pass) {
	open := map[string]bool{}
	for _, s := range p.scopes {
		if !s.in(conf.Server) {
			continue
		}
		listens := s.own("listen")
		for _, n := range listens {
			open[listenPort(arg(n, 0))] = true
		}
		if len(listens) == 0 {
			open["80"] = true
		}
	}
	p.all(func(_ *scope, n *conf.Node) {
		port := "80"
		switch challenge := p.challengeOf(arg(n, 0)); {
		case strings.HasPrefix(challenge, "tls-alpn"):
			port = "443"
		case strings.HasPrefix(challenge, "dns"):
			return
		}
		if !open[port] {
			p.report(n, &n.Args[0], "no server listens on port %s, where the authority looks", port)
		}
	}, "acme_certificate")
}

// listenPort is the port in the first word of listen.
func listenPort(text string) string {
	text = text[strings.LastIndexByte(text, ']')+1:] // an IPv6 address
	if i := strings.LastIndexByte(text, ':'); i >= 0 {
		return text[i+1:]
	}
	if _, ok := conf.ParseInt(text); ok {
		return text
	}
	return "80"
}

func acmeWildcard(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		if strings.HasPrefix(p.challengeOf(arg(n, 0)), "dns") {
			return
		}
		named := false
		for i := 1; i < len(n.Args); i++ {
			if strings.HasPrefix(arg(n, i), "key=") {
				continue
			}
			named = true
			if strings.HasPrefix(arg(n, i), "*") {
				p.report(n, &n.Args[i], "the challenge of the issuer does not prove a wildcard name")
			}
		}
		if named {
			return
		}
		for _, names := range s.own("server_name") {
			for i := range names.Args {
				if strings.HasPrefix(arg(names, i), "*") {
					p.report(names, &names.Args[i], "the challenge of the issuer does not prove a wildcard name, which acme_certificate takes from here")
				}
			}
		}
	}, "acme_certificate")
}

func acmeTerms(p *pass) {
	for _, s := range p.scopes {
		if s.in(conf.ACMEIssuer) && len(s.own("accept_terms_of_service")) == 0 {
			p.report(s.node, nil, "the terms of service are not accepted")
		}
	}
}
