package lint

import (
	"strings"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// requestRules are about values that the client chooses.
func requestRules() []*Rule {
	return []*Rule{
		{
			Name: "http-splitting", Severity: High, check: httpSplitting,
			Text: "The value can hold a line feed, since $uri and captures of it are decoded: `/%0d%0aSet-Cookie:...` puts a " +
				"header of the client's choice into the answer, or another request into the connection to the other server. Use " +
				"$request_uri, which is as the client sent it, or a group that cannot match a line feed, such as `[^\\s]+`.",
			Bad:  "server { location / { return 302 https://example.com$uri; } }",
			Good: "server { location / { return 302 https://example.com$request_uri; } }",
		},
		{
			Name: "ssrf", Severity: High, check: ssrf,
			Text: "The client chooses the server that its request is sent to, one inside of the network among them. Choose from " +
				"a list with map, make the location internal, or put the variable behind the name of the host.",
			Bad:  "server { resolver 127.0.0.1; location ~ ^/fetch/(.*)$ { proxy_pass http://$1; } }",
			Good: "server { location ~ ^/fetch/(.*)$ { proxy_pass http://127.0.0.1:8000/$1; } }",
		},
		{
			Name: "host-spoofing", Severity: Medium, check: hostSpoofing,
			Text: "The other server gets a Host header as the client wrote it, which need not be the name that chose this server " +
				"block. Links in mails and cached pages are made of it. Send $host, which is checked and in lower case, or a " +
				"fixed name.",
			Bad:  "server { location / { proxy_pass http://127.0.0.1:8000; proxy_set_header Host $http_host; } }",
			Good: "server { location / { proxy_pass http://127.0.0.1:8000; proxy_set_header Host $host; } }",
		},
		{
			Name: "weak-origin-check", Severity: Medium, check: weakOriginCheck,
			Text: "A regular expression decides which origins are trusted, and it also matches others: without `^` and `$` " +
				"`https://example.com.evil.org` passes, without a backslash a dot is any character. Anchor it at both ends, and " +
				"escape the dots.",
			Bad:  `map $http_origin $cors { default ""; ~https://example.com $http_origin; }`,
			Good: `map $http_origin $cors { default ""; ~^https://example\.com$ $http_origin; }`,
		},
		{
			Name: "cors-any-origin", Severity: Medium, check: corsAnyOrigin,
			Text: "Access-Control-Allow-Origin repeats whatever origin asks, and credentials are allowed: every site can read the " +
				"answers with the visitor's cookies. Choose the origins with a map.",
			Bad: "server { location / { add_header Access-Control-Allow-Origin $http_origin;\n" +
				"add_header Access-Control-Allow-Credentials true; } }",
			Good: "server { location / { add_header Access-Control-Allow-Origin https://example.com;\n" +
				"add_header Access-Control-Allow-Credentials true; } }",
		},
		{
			Name: "valid-referers-none", Severity: Medium, check: validReferersNone,
			Text: "`none` accepts requests without a Referer header, and a page can make a browser send none. A check that " +
				"protects something must not have it; for keeping pictures from other sites it is harmless, and can be silenced.",
			Bad:  "server { location / { valid_referers none server_names; if ($invalid_referer) { return 403; } } }",
			Good: "server { location / { valid_referers server_names; if ($invalid_referer) { return 403; } } }",
		},
	}
}

func newline(t taint) bool { return t.client && t.newline }

// redirects reports which argument of a statement goes into a Location header,
// -1 for none.
func redirects(n *conf.Node) int {
	first := arg(n, 0)
	switch {
	case n.Name.Value == "return" && len(n.Args) == 1 && strings.ContainsAny(first, "/$"):
		return 0
	case n.Name.Value == "return" && len(n.Args) == 2 && len(first) == 3 && first[0] == '3':
		return 1
	case n.Name.Value == "rewrite":
		flag, to := arg(n, 2), arg(n, 1)
		if flag == "redirect" || flag == "permanent" || strings.HasPrefix(to, "http://") ||
			strings.HasPrefix(to, "https://") || strings.HasPrefix(to, "$scheme") {
			return 1
		}
	}
	return -1
}

func httpSplitting(p *pass) {
	look := func(s *scope, n *conf.Node, a *parser.Arg, where string) {
		r, ok := p.worst(s, n, a.Value, func(t taint) bool { return newline(t) })
		// A rewrite escapes its own captures when it redirects.
		if ok && (n.Name.Value != "rewrite" || r.name[0] > '9') {
			p.report(n, a, `"$%s" can hold a line feed, and goes into %s`, r.name, where)
		}
	}
	p.all(func(s *scope, n *conf.Node) {
		if i := redirects(n); i >= 0 {
			look(s, n, &n.Args[i], "the Location header")
		}
	}, "return", "rewrite")
	p.all(func(s *scope, n *conf.Node) {
		if len(n.Args) > 1 {
			look(s, n, &n.Args[1], "a header")
		}
	}, "add_header", "add_trailer", "proxy_set_header", "grpc_set_header")
	p.all(func(s *scope, n *conf.Node) {
		if len(n.Args) > 0 {
			look(s, n, &n.Args[0], "the request line to the other server")
		}
	}, "proxy_pass")
}

// passes are the directives that send a request to another server.
var passes = []string{"proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass"}

func ssrf(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		if len(n.Args) == 0 {
			return
		}
		if loc := s.enclosing(conf.Location); loc == nil || len(loc.own("internal")) > 0 || loc.match().kind == "@" {
			return
		}
		text := n.Args[0].Value
		host := text
		skip := 0
		if i := strings.Index(text, "://"); i >= 0 {
			skip = i + 3
			host = text[skip:]
		}
		if i := strings.IndexAny(host, "/?#"); i >= 0 {
			host = host[:i]
		}
		source, regex := captures(s, n)
		for _, r := range references(host) {
			if rooted(r.name, regex) {
				return // the name of the host ends here
			}
			t := p.vars.of(r.name, source, regex)
			// Behind a dot the client chooses among the names of one domain.
			within := strings.HasPrefix(host[r.end:], ".") && len(host) > r.end+1
			port := r.start > 0 && host[r.start-1] == ':'
			if t.client && (t.slash || !within && !port) {
				p.report(n, &n.Args[0], `the client chooses the server by "$%s"`, r.name)
				return
			}
		}
	}, passes...)
}

// rooted reports whether the value of a variable begins with a slash.
func rooted(name, regex string) bool {
	switch name {
	case "uri", "document_uri", "request_uri", "fastcgi_script_name":
		return true
	}
	g := group(regex, name)
	return g != nil && startsWith(g, '/')
}

func hostSpoofing(p *pass) {
	p.all(func(s *scope, n *conf.Node) {
		if len(n.Args) < 2 || !strings.EqualFold(arg(n, 0), "Host") {
			return
		}
		if r, ok := p.worst(s, n, arg(n, 1), func(t taint) bool { return t.client && t.slash }); ok {
			p.report(n, &n.Args[1], `the client chooses the Host header by "$%s"`, r.name)
		}
	}, "proxy_set_header", "grpc_set_header")
}

// origins are the variables that tell where a request was made.
var origins = map[string]bool{"$http_origin": true, "$http_referer": true}

func weakOriginCheck(p *pass) {
	look := func(n *conf.Node, variable, regex string) {
		regex = strings.TrimPrefix(regex, "(?i)")
		if !origins[variable] || !strings.ContainsAny(regex, "./") {
			return
		}
		end := strings.HasSuffix(regex, "$") || strings.HasSuffix(regex, "$)") ||
			variable == "$http_referer" && strings.Count(regex, "/") > 2
		switch {
		case !strings.HasPrefix(regex, "^"):
			p.report(n, nil, `"%s" is not anchored at its beginning, other origins match it, too`, regex)
		case !end:
			p.report(n, nil, `"%s" is not anchored at its end, other origins match it, too`, regex)
		case len(looseDots(regex)) > 0:
			p.report(n, nil, `a dot in "%s" is any character, write \. there`, regex)
		}
	}
	p.all(func(_ *scope, n *conf.Node) {
		if w := condition(n); len(w) > 2 && isRegex(w[1]) {
			look(n, strings.ToLower(w[0]), w[2])
		}
	}, "if")
	p.all(func(_ *scope, n *conf.Node) {
		for _, item := range n.Children {
			if re, ok := strings.CutPrefix(item.Name.Value, "~"); ok {
				look(item, strings.ToLower(arg(n, 0)), strings.TrimPrefix(re, "*"))
			}
		}
	}, "map")
}

func corsAnyOrigin(p *pass) {
	for _, s := range p.scopes {
		var credentials bool
		var origin *conf.Node
		for _, n := range s.own("add_header") {
			switch strings.ToLower(arg(n, 0)) {
			case "access-control-allow-credentials":
				credentials = true
			case "access-control-allow-origin":
				if _, ok := p.worst(s, n, arg(n, 1), func(t taint) bool { return t.client && t.slash }); ok && !p.picked(arg(n, 1)) {
					origin = n
				}
			}
		}
		if credentials && origin != nil {
			p.report(origin, &origin.Args[1], "every origin is allowed, with credentials")
		}
	}
}

// picked reports whether a text is a variable that a map made: it repeats the
// origin only where that was in the map's list.
func (p *pass) picked(text string) bool {
	picked := false
	p.all(func(_ *scope, n *conf.Node) {
		picked = picked || strings.EqualFold(arg(n, 1), text)
	}, "map")
	return picked
}

func validReferersNone(p *pass) {
	p.all(func(_ *scope, n *conf.Node) {
		for i := range n.Args {
			if n.Args[i].Value == "none" {
				p.report(n, &n.Args[i], "requests without a Referer header pass")
			}
		}
	}, "valid_referers")
}
