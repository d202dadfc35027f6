package lint

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// matchingRules are about what is chosen by names and regular expressions.
func matchingRules() []*Rule {
	return []*Rule{
		{
			Name: "unescaped-dot", Severity: Low, check: unescapedDot,
			Text: "In a regular expression a dot is any character: `.php$` matches `/xphp`, too. Write `\\.`.",
			Bad:  `server { location ~ .php$ { return 403; } }`,
			Good: `server { location ~ \.php$ { return 403; } }`,
		},
		{
			Name: "unanchored-regex", Severity: Low, check: unanchoredRegex,
			Text: "The regular expression ends with the extension of a file and not with `$`: `\\.php` matches `/a.phpx/b`, too. End " +
				"it with `$`, or with `(/|$)` where a path may follow.",
			Bad:  `server { location ~ \.php { return 403; } }`,
			Good: `server { location ~ \.php$ { return 403; } }`,
		},
		{
			Name: "missing-group", Severity: Medium, check: missingGroup,
			Text: "The text uses a group that the regular expression before it does not have, so it is empty. Mostly a group was " +
				"removed, or it was made `(?:...)`.",
			Bad:  `server { rewrite ^/a/(.*)$ /b/$2 last; }`,
			Good: `server { rewrite ^/a/(.*)$ /b/$1 last; }`,
		},
		{
			Name: "unreachable-location", Severity: Medium, check: unreachableLocation,
			Text: "No request gets to this location: the server answers before a location is chosen, or a regular expression " +
				"before it matches all that it would. Regular expressions are tried in their order, and before prefixes that " +
				"have no ^~. Move it up, or make it more exact.",
			Bad:  `server { location ~ / { return 404; } location ~ \.png$ { root /srv; } }`,
			Good: `server { location / { return 404; } location ~ \.png$ { root /srv; } }`,
		},
		{
			Name: "dead-code", Severity: Medium, check: deadCode,
			Text: "return ends the rewrite phase, and the content of the location is never asked for: what stands behind it, or " +
				"beside it, has no effect. Take one of them away, or put the return into an if.",
			Bad:  "server { location / { return 404; proxy_pass http://127.0.0.1:8000; } }",
			Good: "server { location / { if ($arg_off) { return 404; } proxy_pass http://127.0.0.1:8000; } }",
		},
		{
			Name: "duplicate-map", Severity: Medium, check: duplicateMap,
			Text: "Two maps make the same variable, and only the last one counts. Put them together, or give one another name.",
			Bad:  "map $host $site { default a; }\nmap $uri $site { default b; }",
			Good: "map $host $site { default a; }\nmap $uri $page { default b; }",
		},
		{
			Name: "map-without-default", Severity: Low, check: mapWithoutDefault,
			Text: "What no item matches gets the empty value, which is often not what its user expects. Say so with " +
				"`default \"\";`, or name the value.",
			Bad:  "map $host $site { a.example a; }",
			Good: "map $host $site { default none; a.example a; }",
		},
		{
			Name: "implicit-default-server", Severity: Low, check: implicitDefaultServer,
			Text: "Several servers share an address, and none is marked as the one for names that no server has: it is the one " +
				"whose file is read first, and changes when a file is added. Mark one with default_server.",
			Bad:  "server { listen 80; server_name a.example; }\nserver { listen 80; server_name b.example; }",
			Good: "server { listen 80 default_server; server_name a.example; }\nserver { listen 80; server_name b.example; }",
		},
	}
}

func unescapedDot(p *pass) {
	look := func(n *conf.Node, a *parser.Arg, regex string) {
		if at := looseDots(regex); len(at) > 0 {
			p.report(n, a, `the dot before "%s" is any character, write \.`, regex[at[0]+1:])
		}
	}
	for _, s := range p.scopes {
		if m := s.match(); m.regex() {
			look(s.node, m.arg, m.text)
		}
	}
	p.all(func(_ *scope, n *conf.Node) {
		for i := range n.Args {
			if re, ok := strings.CutPrefix(n.Args[i].Value, "~"); ok {
				look(n, &n.Args[i], re)
			}
		}
	}, "server_name")
}

// extension is the end of a regular expression that matches that of a file.
var extension = regexp.MustCompile(`\\\.(?:[A-Za-z0-9]+|\((?:\?:)?[A-Za-z0-9|?]+\))$`)

func unanchoredRegex(p *pass) {
	for _, s := range p.scopes {
		if m := s.match(); m.regex() && extension.MatchString(m.text) {
			p.report(s.node, m.arg, `"%s" ends with an extension and without "$"`, m.text)
		}
	}
}

func missingGroup(p *pass) {
	look := func(s *scope, n *conf.Node, i int) {
		_, regex := captures(s, n)
		re := parse(regex)
		if i < 0 || i >= len(n.Args) || regex == "" || re == nil {
			return
		}
		for _, r := range references(n.Args[i].Value) {
			if r.name[0] >= '1' && r.name[0] <= '9' && int(r.name[0]-'0') > re.MaxCap() {
				p.report(n, &n.Args[i], `"%s" has no group %s`, regex, r.name)
				return
			}
		}
	}
	p.all(func(s *scope, n *conf.Node) { look(s, n, 1) }, "rewrite", "set")
	p.all(func(s *scope, n *conf.Node) { look(s, n, len(n.Args)-1) }, "return")
}

func unreachableLocation(p *pass) {
	for _, s := range p.scopes {
		if s.in(conf.Server) && len(s.own("return")) > 0 {
			for _, child := range s.children {
				if child.in(conf.Location) {
					p.report(child.node, nil, `"return" in line %d answers all requests of the server`, s.own("return")[0].Line)
				}
			}
			continue
		}
		p.shadowed(s)
	}
}

// shadowed looks among the locations of one block for those that a regular
// expression before them takes everything from.
func (p *pass) shadowed(s *scope) {
	all := "" // a regular expression that matches everything
	var seen []matcher
	for _, child := range s.children {
		m := child.match()
		if !m.regex() {
			continue
		}
		switch {
		case all != "":
			p.report(child.node, nil, `never reached: "%s" before it matches everything`, all)
		case slices.ContainsFunc(seen, func(o matcher) bool { return o.text == m.text && (o.kind == m.kind || o.kind == "~*") }):
			p.report(child.node, nil, "never reached: the same regular expression stands before it")
		case matchesAll(m.text):
			all = m.text
		}
		seen = append(seen, m)
	}
	if all == "" {
		return
	}
	for _, child := range s.children {
		if child.match().kind == "" && child.in(conf.Location) &&
			!slices.ContainsFunc(child.children, func(c *scope) bool { return c.match().regex() }) {
			p.report(child.node, nil, `never reached: "~ %s" takes what it matches`, all)
		}
	}
}

func deadCode(p *pass) {
	for _, s := range p.scopes {
		returns := s.own("return")
		if len(returns) == 0 || !s.in(conf.Server|conf.Location|conf.ServerIf|conf.LocationIf) {
			continue
		}
		first := returns[0]
		for _, n := range s.own("return", "set", "rewrite", "if", "break") {
			if n.Seq > first.Seq {
				p.report(n, nil, `never reached: "return" in line %d ends before it`, first.Line)
			}
		}
		if s.in(conf.Server) {
			continue
		}
		for _, n := range s.own(append([]string{"try_files", "stub_status", "empty_gif", "random_index", "autoindex"}, passes...)...) {
			p.report(n, nil, `never reached: "return" in line %d answers first`, first.Line)
		}
	}
}

func duplicateMap(p *pass) {
	for _, s := range p.scopes {
		last := map[string]*conf.Node{}
		for _, n := range s.own("map") {
			name := strings.ToLower(arg(n, 1))
			if old := last[name]; old != nil && len(old.Args) > 1 {
				p.report(old, &old.Args[1], `no effect: another map makes "%s" in %s:%d`, arg(n, 1), n.File.Path, n.Name.Start.Line)
			}
			last[name] = n
		}
	}
}

func mapWithoutDefault(p *pass) {
	p.all(func(_ *scope, n *conf.Node) {
		if !slices.ContainsFunc(n.Children, func(item *conf.Node) bool { return item.Name.Value == "default" }) {
			p.report(n, nil, "the value of what no item matches is not said")
		}
	}, "map")
}

func implicitDefaultServer(p *pass) {
	type group struct {
		first   *conf.Node
		servers int
		marked  bool
	}
	groups := map[string]*group{}
	for _, s := range p.scopes {
		if !s.in(conf.Server) {
			continue
		}
		listens := s.own("listen")
		if len(listens) == 0 {
			listens = []*conf.Node{s.node}
		}
		for _, n := range listens {
			key := listenKey(n)
			g := groups[key]
			if g == nil {
				g = &group{first: n}
				groups[key] = g
			}
			g.servers++
			g.marked = g.marked || slices.ContainsFunc(n.Args, func(a parser.Arg) bool {
				return a.Value == "default_server" || a.Value == "default"
			})
		}
	}
	for key, g := range groups {
		if g.servers > 1 && !g.marked {
			p.report(g.first, nil, `%d servers listen on %s, and this one is the default because it comes first`, g.servers, key)
		}
	}
}

// listenKey is the address of a listen directive in one form.
func listenKey(n *conf.Node) string {
	a := arg(n, 0)
	if n.Name.Value != "listen" || a == "" {
		return "*:80"
	}
	switch {
	case strings.HasPrefix(a, "unix:"):
		return a
	case strings.Trim(a, "0123456789") == "":
		return "*:" + a
	case strings.HasPrefix(a, "[") && strings.HasSuffix(a, "]"), !strings.Contains(a, ":"):
		return a + ":80"
	}
	return strings.Replace(a, "0.0.0.0:", "*:", 1)
}

// address reads an IP address with or without a port.
func address(text string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr(), true
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return a, err == nil
}
