package lint

import (
	"slices"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// languageRules are about how a configuration is written.
func languageRules() []*Rule {
	return []*Rule{
		{
			Name: "missing-semicolon", Severity: High, check: missingSemicolon,
			Text: "A line of arguments begins with the name of a directive: most likely the line before has lost its semicolon, " +
				"and the directive is not one but an argument. Put the semicolon there; quote the word if it is meant.",
			Bad:  "server { server_name a.example\n  root /srv; }",
			Good: "server { server_name a.example;\n  root /srv; }",
		},
		{
			Name: "error-log-off", Severity: Low, check: errorLogOff,
			Text: "error_log knows no `off`: it writes into a file of that name. To keep almost nothing, write " +
				"`error_log /dev/null emerg`.",
			Bad:  "error_log off;",
			Good: "error_log /dev/null emerg;",
		},
		{
			Name: "if-is-evil", Severity: Low, check: ifIsEvil,
			Text: "An if in a location is a location of its own, chosen after the rewrite phase: of several that hold only the last " +
				"one counts, and directives around it may be missing there. Only return, set, and rewrite with last, redirect or " +
				"permanent do what they seem to do. Use map, try_files, or another location.",
			Bad:  "server { location / { if ($arg_debug) { add_header X-Debug yes; } } }",
			Good: "map $arg_debug $debug { default \"\"; 1 yes; }\nserver { location / { add_header X-Debug $debug; } }",
		},
		{
			Name: "no-effect", Severity: Info, check: noEffect,
			Text: "The directive tunes a part of nginx that has no counterpart here. It is accepted so that configurations load; " +
				"it does nothing. docs/directives.md lists all of them.",
			Bad:  "server_names_hash_bucket_size 128;",
			Good: "",
		},
	}
}

func missingSemicolon(p *pass) {
	for _, s := range p.scopes {
		for _, n := range s.nodes {
			if n.Err != nil {
				continue
			}
			last := n.Name
			for i := range n.Args {
				a := &n.Args[i]
				if a.Start.Line > last.End.Line && a.Quote == 0 && p.legal(a.Value, s.kind) {
					p.report(n, a, `"%s" begins a line and is an argument of "%s": line %d has no ";"`, a.Value, n.Name.Value, last.End.Line)
				}
				last = *a
			}
		}
	}
}

// legal reports whether a directive may stand in a kind of block.
func (p *pass) legal(name string, kind conf.Context) bool {
	return slices.ContainsFunc(p.in.Loader.Named(name), func(s *conf.Spec) bool { return s.Contexts&kind != 0 })
}

func errorLogOff(p *pass) {
	p.all(func(_ *scope, n *conf.Node) {
		if arg(n, 0) == "off" {
			p.report(n, &n.Args[0], `writes into a file named "off"`)
		}
	}, "error_log")
}

func ifIsEvil(p *pass) {
	for _, s := range p.scopes {
		if !s.in(conf.LocationIf) {
			continue
		}
		for _, n := range s.nodes {
			if n.Err != nil {
				continue
			}
			switch n.Name.Value {
			case "return", "set", "break", "rewrite_log", "uninitialized_variable_warn":
				continue
			case "rewrite":
				if arg(n, 2) != "break" {
					continue
				}
			}
			p.report(n, nil, `"%s" in an if of a location may not do what it seems to do`, n.Name.Value)
		}
	}
}

func noEffect(p *pass) {
	for _, s := range p.scopes {
		for _, n := range s.nodes {
			if n.Err != nil {
				continue
			}
			for _, spec := range p.in.Loader.Named(n.Name.Value) {
				if spec.Contexts&s.kind != 0 && p.in.Loader.Support(spec) == conf.Hint {
					p.report(n, nil, "%s", p.in.Loader.HintReason(spec))
					break
				}
			}
		}
	}
}
