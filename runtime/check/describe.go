package check

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// describe makes a Problem of what the loader found. Where the loader did not say
// which statement it is about, and it was found, it is returned, too.
func (c *checker) describe(p *conf.Problem) (r Problem, found *conf.Node) {
	msg, file, line := cutLocation(p.Text)
	r = Problem{Severity: Error, Message: msg, Context: contextName(p.In), seq: p.Seq()}
	if p.Severity == conf.Warn {
		r.Severity = Warning
	}
	n := p.Node
	switch {
	case n == nil || n.Directive == nil:
		found = c.search(&r, file, line)
	case n.Err != nil:
		c.syntax(&r, n)
	default:
		if file != "" && !p.End && (n.File.Path != file || n.Line != line) {
			inner := statementAt(n, file, line)
			if inner == nil {
				r.place(c.lineSpan(file, line))
				break
			}
			n = inner
		}
		r.Directive = n.Name.Value
		c.statement(&r, n, p.In)
	}
	if r.Hint == "" {
		r.Hint = hintFor(msg)
	}
	return r, found
}

// statement finds the words at fault in n, and what belongs in their place.
func (c *checker) statement(r *Problem, n *conf.Node, in conf.Context) {
	name := n.Name.Value
	own := `"` + name + `" directive `
	spec := c.spec(name, in)
	switch {
	case strings.HasPrefix(r.Message, "unknown directive "):
		r.place(word(n, n.Name))
		if plus := c.in.Loader.Named(name); len(plus) > 0 { // of another block of the commercial nginx
			r.Allowed, r.Hint = c.contexts(name), unsupported(name, plus[0])
			return
		}
		r.Suggestions = Nearest(name, c.legal(in))
		r.Hint = c.unknownHint(name, r.Suggestions)
	case r.Message == own+"is not allowed here":
		r.place(word(n, n.Name))
		r.Allowed = c.contexts(name)
		r.Hint = c.misplaced(in, r.Allowed)
	case r.Message == own+"is duplicate":
		r.place(word(n, n.Name))
		r.Hint = c.first(n)
	case strings.HasPrefix(r.Message, "invalid number of arguments"):
		c.count(r, n, spec)
	case strings.HasPrefix(r.Message, "directive ") && strings.HasSuffix(r.Message, `has no opening "{"`):
		r.place(behind(n))
		r.Allowed = []string{"{"}
	case strings.HasPrefix(r.Message, "directive ") && strings.HasSuffix(r.Message, `is not terminated by ";"`):
		r.place(behind(n))
		r.Allowed = []string{";"}
	case strings.HasSuffix(r.Message, "is known to nginx but not supported here"):
		r.place(word(n, n.Name))
		r.Hint = unsupported(name, spec)
	case strings.HasPrefix(r.Message, "open() "):
		r.place(c.value(r, n))
		c.missingFile(r, n)
	default:
		r.place(c.value(r, n))
		c.values(r, n, spec)
	}
	c.missingSemicolon(r, n)
}

// value is the argument that a message is about: the one that it quotes, or the
// only one.
func (c *checker) value(r *Problem, n *conf.Node) span {
	for w := range quotedWords(r.Message) {
		if w == "" || w == n.Name.Value {
			continue
		}
		for _, a := range n.Args {
			if a.Value == w {
				return word(n, a)
			}
		}
		for _, a := range n.Args {
			if i := strings.Index(a.Raw, w); i >= 0 && len(w) > 1 {
				return span{n.File, a.Start.Offset + i, a.Start.Offset + i + len(w)}
			}
		}
	}
	if len(n.Args) == 1 && !n.IsBlock {
		return word(n, n.Args[0])
	}
	return words(n, n.Name, lastWord(n))
}

// values says what a value could have been.
func (c *checker) values(r *Problem, n *conf.Node, spec *conf.Spec) {
	if spec == nil || !strings.Contains(r.Message, "invalid value") && !strings.Contains(r.Message, "invalid number") {
		return
	}
	switch {
	case spec.Flag:
		r.Allowed = []string{"on", "off"}
	default:
		r.Allowed = c.in.Loader.Words(spec)
		if r.Allowed == nil {
			r.Allowed = strings.Fields(enums[spec.Name])
		}
	}
	if r.span.file != nil {
		r.Suggestions = Nearest(string(r.span.file.Data[r.span.start:r.span.end]), r.Allowed)
	}
	if len(r.Allowed) == 0 {
		r.Hint = defaultHint(spec)
	}
}

// count words what is wrong with the number of arguments.
func (c *checker) count(r *Problem, n *conf.Node, spec *conf.Spec) {
	r.place(words(n, n.Name, lastWord(n)))
	if spec == nil {
		return
	}
	r.Allowed = []string{countOf(spec)}
	r.Hint = defaultHint(spec)
	switch most := largest(spec); {
	case most >= 0 && len(n.Args) > most:
		r.place(words(n, n.Args[most], lastWord(n)))
	case len(n.Args) < spec.Min:
		r.place(behind(n))
	}
}

// largest is the largest number of arguments that a directive takes, negative
// for no limit.
func largest(s *conf.Spec) int {
	most := s.Max
	for _, n := range s.Counts {
		most = max(most, n)
	}
	return most
}

// countOf words how many arguments a directive takes.
func countOf(s *conf.Spec) string {
	number := func(n int) string {
		if n == 1 {
			return "1 argument"
		}
		return itoa(n) + " arguments"
	}
	switch {
	case s.Flag:
		return "on or off"
	case s.Counts != nil:
		var list []string
		for _, n := range s.Counts {
			list = append(list, itoa(n))
		}
		return strings.Join(list, " or ") + " arguments"
	case s.Max < 0:
		return number(s.Min) + " or more"
	case s.Min == s.Max && s.Max == 0:
		return "no arguments"
	case s.Min == s.Max:
		return number(s.Min)
	}
	return itoa(s.Min) + " to " + number(s.Max)
}

// spec is the row for a directive in a kind of block; any row where none fits.
func (c *checker) spec(name string, in conf.Context) *conf.Spec {
	specs := c.in.Loader.Named(name)
	for _, s := range specs {
		if s.Contexts&in != 0 {
			return s
		}
	}
	if len(specs) == 1 {
		return specs[0]
	}
	return nil
}

// legal are the names that may stand in a kind of block.
func (c *checker) legal(in conf.Context) []string {
	names, ok := c.names[in]
	if ok {
		return names
	}
	for _, s := range c.in.Loader.Specs() {
		if s.Contexts&in != 0 {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	c.names[in] = names
	return names
}

// contexts are the kinds of blocks that a directive may stand in.
func (c *checker) contexts(name string) (out []string) {
	var all conf.Context
	for _, s := range c.in.Loader.Named(name) {
		all |= s.Contexts
	}
	for bit := conf.Context(1); bit <= all; bit <<= 1 {
		if all&bit != 0 {
			out = append(out, contextName(bit))
		}
	}
	return out
}

// contextName names a kind of block in words.
func contextName(in conf.Context) string {
	switch in {
	case conf.ServerIf:
		return "if in server"
	case conf.LocationIf:
		return "if in location"
	}
	return strings.ReplaceAll(in.String(), "_", " ")
}

// missingSemicolon looks for a line of n that begins with the name of a
// directive: the line before it has lost its ";".
func (c *checker) missingSemicolon(r *Problem, n *conf.Node) {
	last := n.Name
	for _, a := range n.Args {
		if a.Start.Line > last.End.Line && a.Quote == 0 && len(c.in.Loader.Named(a.Value)) > 0 {
			r.place(after(n, last))
			r.Allowed, r.Suggestions = []string{";"}, nil
			r.Hint = `";" seems to be missing here: "` + a.Value + `" begins the next line`
			return
		}
		last = a
	}
}

// first says where a directive stands that must not be repeated.
func (c *checker) first(n *conf.Node) string {
	list := func(nodes []*conf.Node) string {
		for _, m := range nodes {
			if m.Name.Value == n.Name.Value && m.Seq < n.Seq {
				return "it was given first in " + m.File.Path + ":" + itoa(m.Name.Start.Line)
			}
			if m.Seq == n.Seq {
				return ""
			}
		}
		return ""
	}
	nodes := c.in.Loader.Nodes
	for {
		var around *conf.Node
		for _, m := range nodes {
			if m.IsBlock && m.Seq < n.Seq && n.Seq < m.EndSeq {
				around = m
			}
		}
		if around == nil {
			return list(nodes)
		}
		nodes = around.Children
	}
}
