package check

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// Severity of a problem.
type Severity string

// The severities: nginx refuses a configuration with an error and runs one with
// a warning.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Problem is one thing that is wrong.
type Problem struct {
	// Spot is where the words at fault are; it is zero for what has no place.
	Spot
	Severity Severity `json:"severity"`
	// Message is nginx's, without the location.
	Message string `json:"message"`
	// Directive is the name of the statement, Context the kind of block that it
	// stands in, named as in docs/directives.md; "" where they are not known.
	Directive string `json:"directive"`
	Context   string `json:"context"`
	// Allowed is what would be right there: blocks, numbers of arguments, values.
	Allowed []string `json:"allowed"`
	// Suggestions are what was probably meant, the best one first.
	Suggestions []string `json:"suggestions"`
	// Hint says what to do, "" where there is nothing to say.
	Hint string `json:"hint"`

	seq  int
	span span
}

// Report is the result of Run.
type Report struct {
	// Main is the main file.
	Main string
	// Files are the names of all files that were read, in reading order.
	Files []string
	// Problems are in reading order.
	Problems []Problem
	// More is set when there were more problems than are reported.
	More bool
}

// Count returns how many problems have the severity s.
func (r *Report) Count(s Severity) (n int) {
	for i := range r.Problems {
		if r.Problems[i].Severity == s {
			n++
		}
	}
	return n
}

// Code is the exit code: 1 with errors, or, if strict, with anything.
func (r *Report) Code(strict bool) int {
	if r.Count(Error) > 0 || strict && len(r.Problems) > 0 {
		return 1
	}
	return 0
}

// maxRounds bounds how often a configuration is read: a chain of errors that
// hide each other is seldom longer.
const maxRounds = 12

// maxProblems is how many problems are reported.
const maxProblems = 1000

// Run reads a configuration and returns what is wrong with it.
func Run(o runtime.Options) *Report {
	c := &checker{skip: map[int]bool{}, told: map[string]bool{}, names: map[conf.Context][]string{}}
	for range maxRounds {
		c.in = runtime.Inspect(o, c.skip)
		if c.files == nil {
			c.files, c.nodes = c.in.Loader.Files, c.in.Loader.Nodes
		}
		for _, name := range c.in.Unknown {
			if !slices.Contains(c.unknown, name) {
				c.unknown = append(c.unknown, name)
			}
		}
		if !c.round() || c.more {
			break
		}
	}
	c.variables()
	for _, n := range c.skipped {
		if !c.more {
			c.static(n.node, n.in)
		}
	}
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return cmp.Compare(a.seq, b.seq) })
	r := &Report{Main: o.ConfPath, Problems: c.problems, More: c.more}
	for _, f := range c.files {
		r.Files = append(r.Files, f.Path)
	}
	return r
}

// checker collects what the rounds find.
type checker struct {
	in       *runtime.Inspection // of the round at hand
	files    []*parser.File      // of the first round
	nodes    []*conf.Node        // of the first round: all there are
	unknown  []string            // variables, of all rounds
	skip     map[int]bool        // statements that are left out, by Seq
	skipped  []stray
	told     map[string]bool           // by place and message
	names    map[conf.Context][]string // see legal
	problems []Problem
	round2   bool // the round at hand is not the first
	more     bool // there are more than maxProblems
}

// stray is a statement that is left out.
type stray struct {
	node *conf.Node
	in   conf.Context
}

// round takes the problems of one reading and reports whether another one could
// find more.
func (c *checker) round() (again bool) {
	var wrong []stray
	for _, p := range c.in.Problems {
		if c.more {
			return false
		}
		if p.Severity != conf.Warn && p.Node != nil && !p.End && !c.skip[p.Seq()] {
			wrong = append(wrong, stray{p.Node, p.In})
			c.skip[p.Seq()] = true
			again = true
		}
		if p.Node == nil && aboutVariable(p.Text) {
			continue // all of them come at the end
		}
		if c.round2 && c.follows(&p) {
			continue
		}
		r, found := c.describe(&p)
		c.add(r)
		if p.Severity != conf.Warn && found != nil && !c.skip[found.Seq] {
			wrong = append(wrong, stray{found, 0})
			c.skip[found.Seq] = true
			again = true
		}
	}
	c.skipped = append(c.skipped, wrong...)
	c.round2 = true
	return again
}

// follows reports whether a message is about something that a statement which
// was left out would have made: a log format, a zone, a certificate.
func (c *checker) follows(p *conf.Problem) bool {
	own := ""
	if p.Node != nil && p.Node.Directive != nil && !p.End {
		own = p.Node.Name.Value
	}
	for w := range quotedWords(p.Text) {
		if w != own && c.leftOut(w) {
			return true
		}
	}
	return false
}

// undefined reports whether nothing in what was left out could define a variable.
func (c *checker) undefined(name string) bool {
	defined := false
	for _, s := range c.skipped {
		visit([]*conf.Node{s.node}, func(n *conf.Node) {
			for _, a := range n.Args {
				if definers[n.Name.Value] && strings.EqualFold(a.Value, "$"+name) || strings.Contains(a.Value, "<"+name+">") {
					defined = true
				}
			}
		})
	}
	return !defined
}

// definers are the directives that make variables of names that they are given.
var definers = map[string]bool{
	"set": true, "map": true, "geo": true, "split_clients": true, "num_map": true, "keyval": true,
	"auth_request_set": true, "perl_set": true, "js_set": true, "js_var": true, "auth_jwt_claim_set": true,
	"auth_jwt_header_set": true,
}

// leftOut reports whether a word occurs in what was left out.
func (c *checker) leftOut(w string) bool {
	return slices.ContainsFunc(c.skipped, func(s stray) bool { return mentions(s.node, w) })
}

// mentions reports whether word occurs in n or inside of it.
func mentions(n *conf.Node, word string) bool {
	if word == "" || n.Directive == nil {
		return false
	}
	if n.Name.Value == word {
		return true
	}
	for _, a := range n.Args {
		if strings.Contains(a.Value, word) {
			return true
		}
	}
	return slices.ContainsFunc(n.Children, func(child *conf.Node) bool { return mentions(child, word) })
}

// add takes a problem unless the same was reported for the same place: a file may be
// included many times.
func (c *checker) add(p Problem) {
	key := p.File + "\x00" + itoa(p.Line) + "\x00" + itoa(p.Column) + "\x00" + p.Message
	if c.told[key] {
		return
	}
	if len(c.problems) == maxProblems {
		c.more = true
		return
	}
	c.told[key] = true
	c.problems = append(c.problems, p)
}

// quotedWords yields what stands in double quotes.
func quotedWords(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for {
			_, rest, ok := strings.Cut(text, `"`)
			if !ok {
				return
			}
			word, rest, ok := strings.Cut(rest, `"`)
			if !ok || !yield(word) {
				return
			}
			text = rest
		}
	}
}
