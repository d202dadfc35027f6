package lint

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// headerRules are about header fields.
func headerRules() []*Rule {
	return []*Rule{
		{
			Name: "add-header-redefinition", Severity: Medium, check: addHeaderRedefinition,
			Text: "A block with an add_header of its own takes none from the blocks around it, so headers that protect the site " +
				"are missing here. Repeat them (an include of a snippet does it), or write `add_header_inherit merge`.",
			Bad: "add_header X-Frame-Options DENY;\n" +
				"server { location /a { add_header X-Debug yes; return 204; } }",
			Good: "add_header X-Frame-Options DENY;\n" +
				"server { location /a { add_header X-Debug yes; add_header X-Frame-Options DENY; return 204; } }",
		},
		{
			Name: "set-header-redefinition", Severity: Low, check: setHeaderRedefinition,
			Text: "A block with a proxy_set_header (or fastcgi_param, ...) of its own takes none from the blocks around it: Host, " +
				"X-Forwarded-For and others that were set there are not sent from here. Repeat them.",
			Bad: "proxy_set_header Host $host;\n" +
				"server { location / { proxy_set_header X-A b; proxy_pass http://127.0.0.1:8000; } }",
			Good: "proxy_set_header Host $host;\n" +
				"server { location / { proxy_set_header Host $host; proxy_set_header X-A b; proxy_pass http://127.0.0.1:8000; } }",
		},
		{
			Name: "add-header-multiline", Severity: Low, check: addHeaderMultiline,
			Text: "The value goes over several lines. HTTP/1.1 forbids it, HTTP/2 and 3 cannot send it, and browsers drop the " +
				"header. Write it on one line; variables can hold the parts of a long one.",
			Bad:  "add_header Content-Security-Policy \"default-src 'self';\n  script-src 'self'\";",
			Good: "add_header Content-Security-Policy \"default-src 'self'; script-src 'self'\";",
		},
		{
			Name: "add-header-own-field", Severity: Low, check: addHeaderOwnField,
			Text: "add_header adds a field beside the one that the server sends by itself. For a Content-Type use default_type or " +
				"types; Content-Length, Date, Server and Connection are the server's business.",
			Bad:  `server { location / { add_header Content-Type text/plain; return 200 ok; } }`,
			Good: `server { location / { default_type text/plain; return 200 ok; } }`,
		},
	}
}

// protecting are the header fields that protect a site.
var protecting = []string{
	"strict-transport-security", "content-security-policy", "x-frame-options", "x-content-type-options", "referrer-policy",
	"permissions-policy", "x-xss-protection", "cross-origin-opener-policy", "cross-origin-embedder-policy",
	"cross-origin-resource-policy", "cache-control",
}

// lost are the names that the scope's own statements hide: those of the list
// that it would otherwise have inherited.
func lost(s *scope, directive string) (names []string) {
	own := map[string]bool{}
	for _, n := range s.own(directive) {
		own[strings.ToLower(arg(n, 0))] = true
	}
	if len(own) == 0 || s.parent == nil {
		return nil
	}
	outer, _ := s.parent.holds(directive)
	for _, n := range outer {
		if name := arg(n, 0); !own[strings.ToLower(name)] && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func addHeaderRedefinition(p *pass) {
	for _, s := range p.scopes {
		if inherit, _ := s.holds("add_header_inherit"); len(inherit) > 0 && arg(inherit[0], 0) != "on" {
			continue
		}
		names := slices.DeleteFunc(lost(s, "add_header"), func(name string) bool {
			return !slices.Contains(protecting, strings.ToLower(name))
		})
		if len(names) > 0 {
			p.report(s.own("add_header")[0], nil, "hides those of the blocks around it: %s", strings.Join(names, ", "))
		}
	}
}

func setHeaderRedefinition(p *pass) {
	for _, s := range p.scopes {
		for _, name := range []string{"proxy_set_header", "grpc_set_header", "fastcgi_param", "uwsgi_param", "scgi_param"} {
			if names := lost(s, name); len(names) > 0 {
				p.report(s.own(name)[0], nil, "hides those of the blocks around it: %s", strings.Join(names, ", "))
			}
		}
	}
}

func addHeaderMultiline(p *pass) {
	p.all(func(_ *scope, n *conf.Node) {
		if strings.ContainsAny(arg(n, 1), "\r\n") {
			p.report(n, &n.Args[1], "the value goes over several lines")
		}
	}, "add_header", "add_trailer", "proxy_set_header", "grpc_set_header")
}

func addHeaderOwnField(p *pass) {
	own := []string{"content-type", "content-length", "date", "server", "connection", "transfer-encoding"}
	p.all(func(_ *scope, n *conf.Node) {
		if slices.Contains(own, strings.ToLower(arg(n, 0))) {
			p.report(n, &n.Args[0], "the server sends %s by itself, there will be two of them", arg(n, 0))
		}
	}, "add_header")
}
