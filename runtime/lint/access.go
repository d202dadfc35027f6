package lint

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// accessRules are about access.
func accessRules() []*Rule {
	return []*Rule{
		{
			Name: "allow-without-deny", Severity: Medium, check: allowWithoutDeny,
			Text: "Addresses are allowed, and nothing denies the others: whom no rule names may pass, so the list has no effect. " +
				"End it with `deny all`.",
			Bad:  "server { location /admin/ { allow 10.0.0.0/8; } }",
			Good: "server { location /admin/ { allow 10.0.0.0/8; deny all; } }",
		},
		{
			Name: "access-unreachable", Severity: Medium, check: accessUnreachable,
			Text: "allow and deny are tried in their order, and the first that fits decides. Behind one for `all` nothing is " +
				"tried any more. Move it to the end.",
			Bad:  "server { location /admin/ { deny all; allow 10.0.0.0/8; } }",
			Good: "server { location /admin/ { allow 10.0.0.0/8; deny all; } }",
		},
		{
			Name: "return-bypasses-access", Severity: Medium, check: returnBypassesAccess,
			Text: "return answers before allow, deny, auth_basic and auth_request are asked, so everybody gets the answer. Move " +
				"it to a location that try_files or error_page leads to, or serve a file.",
			Bad:  "server { location /status { allow 10.0.0.0/8; deny all; return 200 secret; } }",
			Good: "server { location /status { allow 10.0.0.0/8; deny all; try_files /status.txt =404; } }",
		},
		{
			Name: "open-status", Severity: Low, check: openStatus,
			Text: "stub_status tells everybody how many connections there are, api what all servers and upstream groups do. Allow " +
				"the addresses that need it and deny the rest.",
			Bad:  "server { location = /status { stub_status; } }",
			Good: "server { location = /status { stub_status; allow 127.0.0.1; deny all; } }",
		},
		{
			Name: "open-api", Severity: High, check: openAPI,
			Text: "Everybody may change where requests go, and the key-value pairs: api with write=on asks for no name. Allow the " +
				"addresses that need it and deny the rest, or ask for a password.",
			Bad:  "server { location /api/ { api write=on; } }",
			Good: "server { location /api/ { api write=on; allow 127.0.0.1; deny all; } }",
		},
		{
			Name: "open-tunnel", Severity: High, check: openTunnel,
			Text: "An open proxy: everybody reaches every address that this server reaches, the ones of its own network too, and " +
				"does so in its name. Ask for a password, allow the addresses that need it and deny the rest, or choose the server " +
				"by a map of the names that are allowed.",
			Bad:  "server { location / { tunnel_pass; } }",
			Good: "server { location / { tunnel_pass; allow 127.0.0.1; deny all; } }",
		},
		{
			Name: "weak-tls", Severity: Medium, check: weakTLS,
			Text: "The protocol or the cipher is broken, and browsers have dropped it. TLSv1.2 and TLSv1.3 serve every client of " +
				"the last ten years.",
			Bad:  "ssl_protocols TLSv1 TLSv1.1 TLSv1.2;",
			Good: "ssl_protocols TLSv1.2 TLSv1.3;",
		},
		{
			Name: "redirect-to-http", Severity: Low, check: redirectToHTTP,
			Text: "A server that speaks TLS sends its visitors to a page without. Whoever is on the way can read and change it. " +
				"Redirect to https://, or leave the scheme out.",
			Bad:  "server { listen 8443 ssl; ssl_reject_handshake on; return 301 http://example.com$request_uri; }",
			Good: "server { listen 8443 ssl; ssl_reject_handshake on; return 301 https://example.com$request_uri; }",
		},
		{
			Name: "version-disclosure", Severity: Low, check: versionDisclosure,
			Text: "Error pages and the Server header tell the version, and with it which attacks to try. Leave server_tokens off, " +
				"as it is by default here.",
			Bad:  "server_tokens on;",
			Good: "server_tokens off;",
		},
		{
			Name: "external-resolver", Severity: Low, check: externalResolver,
			Text: "Names of upstream servers are asked of a DNS server on the Internet, over UDP: whoever can forge its answers " +
				"receives the requests. Use one on this machine or in this network.",
			Bad:  "resolver 8.8.8.8;",
			Good: "resolver 127.0.0.1;",
		},
	}
}

func allowWithoutDeny(p *pass) {
	for _, s := range p.scopes {
		allow := s.own("allow")
		if len(allow) == 0 || len(s.own("deny")) > 0 {
			continue
		}
		if !slices.ContainsFunc(allow, func(n *conf.Node) bool { return arg(n, 0) == "all" }) {
			p.report(allow[0], nil, `nothing denies the others, "deny all" is missing`)
		}
	}
}

func accessUnreachable(p *pass) {
	for _, s := range p.scopes {
		var all *conf.Node
		for _, n := range s.own("allow", "deny") {
			if all != nil {
				p.report(n, nil, `never asked, "%s all" before it decides`, all.Name.Value)
			}
			if arg(n, 0) == "all" {
				all = n
			}
		}
	}
}

// guarded reports whether a scope or one around it, up to its location or
// server, has access rules of its own.
func guarded(s *scope) bool {
	for ; s != nil; s = s.parent {
		for _, n := range s.own("deny", "auth_basic", "auth_request") {
			if arg(n, 0) != "off" {
				return true
			}
		}
		if s.in(conf.Location | conf.Server) {
			return false
		}
	}
	return false
}

func returnBypassesAccess(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		if code := arg(n, 0); len(code) == 3 && (code[0] == '4' || code[0] == '5') || !guarded(s) {
			return
		}
		p.report(n, nil, "answers before the access rules beside it are asked")
	}, "return")
}

func openStatus(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		if !restricted(s) && arg(n, 0) != "write=on" {
			p.report(n, nil, "everybody can read it")
		}
	}, "stub_status", "api")
}

func openAPI(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		if !restricted(s) && arg(n, 0) == "write=on" {
			p.report(n, nil, "everybody can change the running server")
		}
	}, "api")
}

func openTunnel(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		chosen := len(n.Args) == 0 // $host:$request_port
		if !chosen {
			_, chosen = p.worst(s, n, n.Args[0].Value, func(t taint) bool { return t.client })
		}
		if chosen && !restricted(s) && !refusesSome(s) {
			p.report(n, nil, "everybody can reach every server through it")
		}
	}, "tunnel_pass")
}

// refusesSome reports whether an if of the location or its server ends requests.
func refusesSome(s *scope) bool {
	for ; s != nil; s = s.parent {
		for _, child := range s.children {
			if child.node.Name.Value == "if" && len(child.own("return")) > 0 {
				return true
			}
		}
	}
	return false
}

// restricted reports whether there are access rules, or only this machine has access.
func restricted(s *scope) bool {
	rules, _ := s.holds("allow", "deny")
	for _, r := range rules {
		if r.Name.Value == "deny" {
			return true
		}
	}
	return guarded(s) || len(s.own("internal")) > 0 || local(s.enclosing(conf.Server))
}

// local reports whether a server listens on this machine alone.
func local(s *scope) bool {
	if s == nil {
		return false
	}
	listens := s.own("listen")
	for _, n := range listens {
		a := arg(n, 0)
		if !strings.HasPrefix(a, "127.") && !strings.HasPrefix(a, "[::1]") && !strings.HasPrefix(a, "localhost") &&
			!strings.HasPrefix(a, "unix:") {
			return false
		}
	}
	return len(listens) > 0
}

func weakTLS(p *pass) {
	p.all(func(_ *scope, n *conf.Node) {
		for i := range n.Args {
			switch n.Args[i].Value {
			case "SSLv2", "SSLv3", "TLSv1", "TLSv1.1":
				p.report(n, &n.Args[i], "%s is broken", n.Args[i].Value)
			}
		}
	}, "ssl_protocols")
	p.all(func(_ *scope, n *conf.Node) {
		for word := range strings.SplitSeq(arg(n, 0), ":") {
			switch strings.TrimPrefix(word, "+") {
			case "NULL", "aNULL", "eNULL", "ADH", "AECDH", "EXP", "EXPORT", "LOW", "RC4", "DES", "3DES", "MD5":
				p.report(n, &n.Args[0], "%s is broken", word)
			}
		}
	}, "ssl_ciphers")
}

func redirectToHTTP(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		i := redirects(n)
		if i < 0 || !strings.HasPrefix(arg(n, i), "http://") || !speaksTLS(s.enclosing(conf.Server)) {
			return
		}
		p.report(n, &n.Args[i], "leads from https to http")
	}, "return", "rewrite")
}

// speaksTLS reports whether a server has no address without TLS.
func speaksTLS(s *scope) bool {
	if s == nil {
		return false
	}
	listens := s.own("listen")
	for _, n := range listens {
		if !slices.ContainsFunc(n.Args, func(a parser.Arg) bool { return a.Value == "ssl" || a.Value == "quic" }) {
			return false
		}
	}
	return len(listens) > 0
}

func versionDisclosure(p *pass) {
	p.all(func(_ *scope, n *conf.Node) {
		if v := strings.ToLower(arg(n, 0)); v == "on" || v == "build" {
			p.report(n, &n.Args[0], "the version is told to everybody")
		}
	}, "server_tokens")
}

func externalResolver(p *pass) {
	p.all(func(_ *scope, n *conf.Node) {
		for i := range n.Args {
			if addr, ok := address(n.Args[i].Value); ok && addr.IsGlobalUnicast() && !addr.IsPrivate() {
				p.report(n, &n.Args[i], "%s is not in this network", addr)
			}
		}
	}, "resolver")
}
