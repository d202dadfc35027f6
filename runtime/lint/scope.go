package lint

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// scope is a block of the loaded configuration with the statements in it.
type scope struct {
	kind     conf.Context
	node     *conf.Node // nil for main
	parent   *scope
	children []*scope
	nodes    []*conf.Node // its own statements, includes expanded
}

// scope makes the scopes of a block and of those inside of it.
func (p *pass) scope(b *conf.Block, parent *scope, nodes []*conf.Node) *scope {
	s := &scope{kind: b.Context, node: b.Node, parent: parent, nodes: nodes}
	p.scopes = append(p.scopes, s)
	for _, child := range b.Children() {
		if child.Node != nil {
			s.children = append(s.children, p.scope(child, s, child.Node.Children))
		}
	}
	return s
}

// in reports whether the scope is of one of some kinds.
func (s *scope) in(kinds conf.Context) bool { return s.kind&kinds != 0 }

// own returns the scope's own statements of some names.
func (s *scope) own(names ...string) (out []*conf.Node) {
	for _, n := range s.nodes {
		if n.Err == nil && slices.Contains(names, n.Name.Value) {
			out = append(out, n)
		}
	}
	return out
}

// holds returns the statements of some names that hold in the scope, as nginx
// inherits them: its own, or else those of the nearest scope around it that has
// any. from is the scope that they stand in.
func (s *scope) holds(names ...string) (out []*conf.Node, from *scope) {
	for ; s != nil; s = s.parent {
		if out = s.own(names...); len(out) > 0 {
			return out, s
		}
	}
	return nil, nil
}

// enclosing returns the scope itself or the nearest around it of some kinds, or nil.
func (s *scope) enclosing(kinds conf.Context) *scope {
	for s != nil && !s.in(kinds) {
		s = s.parent
	}
	return s
}

// arg returns the value of the i-th argument, "" when there is none.
func arg(n *conf.Node, i int) string {
	if i < len(n.Args) {
		return n.Args[i].Value
	}
	return ""
}

// all yields the statements of some names in every scope.
func (p *pass) all(fn func(s *scope, n *conf.Node), names ...string) {
	for _, s := range p.scopes {
		for _, n := range s.own(names...) {
			fn(s, n)
		}
	}
}

// matcher is what a location matches.
type matcher struct {
	kind string // "", "=", "^~", "~", "~*" or "@"
	text string
	arg  *parser.Arg
}

// regex reports whether the location is a regular expression.
func (m matcher) regex() bool { return m.kind == "~" || m.kind == "~*" }

// prefix reports whether the location is the beginning of an URI.
func (m matcher) prefix() bool { return m.kind == "" || m.kind == "^~" }

// match reads the arguments of a location.
func (s *scope) match() matcher {
	if !s.in(conf.Location) || len(s.node.Args) == 0 {
		return matcher{kind: "@"}
	}
	first := s.node.Args[0].Value
	if len(s.node.Args) > 1 {
		return matcher{first, s.node.Args[1].Value, &s.node.Args[1]}
	}
	for _, kind := range []string{"=", "^~", "~*", "~", "@"} {
		if rest, ok := strings.CutPrefix(first, kind); ok {
			return matcher{kind, rest, &s.node.Args[0]}
		}
	}
	return matcher{"", first, &s.node.Args[0]}
}

// condition reads the arguments of an if: its words without the parentheses.
func condition(n *conf.Node) []string {
	var words []string
	for _, a := range n.Args {
		words = append(words, a.Value)
	}
	if len(words) == 0 {
		return nil
	}
	words[0] = strings.TrimPrefix(words[0], "(")
	last := len(words) - 1
	words[last] = strings.TrimSuffix(words[last], ")")
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

// isRegex reports whether an operator of an if takes a regular expression.
func isRegex(op string) bool { return op == "~" || op == "~*" || op == "!~" || op == "!~*" }
