package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/check"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// Severity says how much a finding matters.
type Severity int

// The severities, from what is good to know to what is an open door.
const (
	Info Severity = iota
	Low
	Medium
	High
)

var severityNames = [...]string{"info", "low", "medium", "high"}

// String is the word for a severity.
func (s Severity) String() string { return severityNames[s] }

// MarshalText implements encoding.TextMarshaler.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ParseSeverity reads the word for a severity.
func ParseSeverity(word string) (Severity, error) {
	if i := slices.Index(severityNames[:], word); i >= 0 {
		return Severity(i), nil
	}
	return 0, fmt.Errorf("unknown severity %q, it is one of %s", word, strings.Join(severityNames[:], ", "))
}

// Rule is one thing to look for.
type Rule struct {
	Name     string
	Severity Severity
	Off      bool   // looked for only when asked for
	Text     string // what is wrong with it, and what to do instead
	Bad      string // what the rule finds, as it would stand in http
	Good     string // what to write instead

	check func(p *pass)
}

// Finding is one place where a rule applies.
type Finding struct {
	check.Spot
	Rule      string   `json:"rule"`
	Severity  Severity `json:"severity"`
	Directive string   `json:"directive"`
	Message   string   `json:"message"`
}

// Default returns the rules that are looked for unless something else is said.
func Default() []*Rule {
	return slices.DeleteFunc(Rules(), func(r *Rule) bool { return r.Off })
}

// Select returns the rules that are left when those named by disable are taken
// away and those named by enable are added; "all" names all. The error tells of
// a name that no rule has.
func Select(enable, disable []string) ([]*Rule, error) {
	on := map[string]bool{}
	for _, r := range Default() {
		on[r.Name] = true
	}
	set := func(names []string, value bool) error {
		for _, name := range names {
			found := false
			for _, r := range Rules() {
				if r.Name == name || name == "all" {
					on[r.Name], found = value, true
				}
			}
			if !found {
				return unknownRule(name)
			}
		}
		return nil
	}
	if err := set(disable, false); err != nil {
		return nil, err
	}
	if err := set(enable, true); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(Rules(), func(r *Rule) bool { return !on[r.Name] }), nil
}

func unknownRule(name string) error {
	var names []string
	for _, r := range Rules() {
		names = append(names, r.Name)
	}
	text := fmt.Sprintf("there is no rule %q", name)
	if near := check.Nearest(name, names); len(near) > 0 {
		text += ", did you mean " + near[0] + "?"
	}
	return fmt.Errorf("%s", text)
}

// Run looks for rules in a configuration and returns what was found, in reading
// order. Of a file that is included many times each place is reported once.
func Run(in *runtime.Inspection, rules []*Rule) []Finding {
	p := newPass(in)
	for _, r := range rules {
		p.rule = r
		r.check(p)
	}
	slices.SortStableFunc(p.found, func(a, b placed) int { return cmp.Compare(a.seq, b.seq) })
	var out []Finding
	told := map[string]bool{}
	for _, f := range p.found {
		key := fmt.Sprint(f.Rule, "\x00", f.File, "\x00", f.Line, "\x00", f.Column)
		if !told[key] {
			told[key] = true
			out = append(out, f.Finding)
		}
	}
	return out
}

// Errors returns why a configuration cannot be judged: the errors for which it
// does not load. A directive that this program does not support is none.
func Errors(in *runtime.Inspection) (texts []string) {
	for _, p := range in.Problems {
		missing := strings.Contains(p.Text, " is known to nginx but not supported here") ||
			strings.Contains(p.Text, "parameter requires ngx_")
		if p.Severity != conf.Warn && !missing {
			texts = append(texts, p.Text)
		}
	}
	return texts
}

// pass is what a rule works with.
type pass struct {
	in     *runtime.Inspection
	main   *scope
	scopes []*scope // all of them, outer ones first
	vars   *variables
	rule   *Rule
	found  []placed
	above  map[*conf.Node]*conf.Node // the block statement around each
}

type placed struct {
	Finding
	seq int
}

func newPass(in *runtime.Inspection) *pass {
	p := &pass{in: in, above: map[*conf.Node]*conf.Node{}}
	if in.Loader.Main == nil {
		p.main = &scope{}
		p.vars = &variables{}
		return p
	}
	p.main = p.scope(in.Loader.Main, nil, in.Loader.Nodes)
	p.parents(in.Loader.Nodes, nil)
	p.vars = collect(p)
	return p
}

func (p *pass) parents(nodes []*conf.Node, above *conf.Node) {
	for _, n := range nodes {
		p.above[n] = above
		p.parents(n.Children, n)
	}
}

// report records a finding about a word of n, or, when a is nil, about its name.
func (p *pass) report(n *conf.Node, a *parser.Arg, format string, args ...any) {
	if p.silenced(n) {
		return
	}
	if a == nil {
		a = &n.Name
	}
	p.found = append(p.found, placed{Finding{
		Spot: check.NewSpot(n.File, a.Start.Offset, a.End.Offset), Rule: p.rule.Name, Severity: p.rule.Severity,
		Directive: n.Name.Value, Message: fmt.Sprintf(format, args...),
	}, n.Seq})
}

// silenced reports whether a comment at n, or at a block around it, names the rule.
func (p *pass) silenced(n *conf.Node) bool {
	for ; n != nil; n = p.above[n] {
		c := n.Comments
		if c == nil {
			continue
		}
		for _, list := range [][]parser.Comment{c.Before, c.Inside, {c.After}} {
			for _, comment := range list {
				if names(comment.Text, p.rule.Name) {
					return true
				}
			}
		}
	}
	return false
}

// names reads `# lint:ignore name,name and why`.
func names(comment, rule string) bool {
	_, rest, ok := strings.Cut(comment, "lint:ignore")
	if !ok {
		return false
	}
	words := strings.Fields(rest)
	return len(words) > 0 && slices.Contains(strings.Split(words[0], ","), rule)
}
