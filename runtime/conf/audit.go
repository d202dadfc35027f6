package conf

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
)

// The functions below are questions about a set of modules as a whole. They
// are for tests, for the documentation and for the commands that explain a
// configuration. Loading a configuration does not use them.

// typedRow is a directive whose value a table reads into one field.
type typedRow struct {
	module *Module
	name   string
	same   func(*Cmd) (bool, error) // whether the directive changes nothing in the defaults
}

// WrongDefaults names the directives whose documented default, given
// explicitly, would change what holds without it.
func (l *Loader) WrongDefaults() (out []string) {
	for _, t := range l.typed {
		for _, spec := range specsByName()[t.name] {
			if spec.Module != t.module.Name || spec.Default == "" || spec.Default == "-" {
				continue
			}
			// "4k|8k": by the size of a memory page.
			right := slices.ContainsFunc(strings.Split(spec.Default, "|"), func(text string) bool {
				c := l.statement(t.name + " " + text + ";")
				if !spec.Allows(len(c.Args)) {
					return true // a description, such as "address of the server"
				}
				same, err := t.same(c)
				return err == nil && same
			})
			if !right {
				out = append(out, t.name+" "+spec.Default+" ("+spec.Module+")")
			}
		}
	}
	return out
}

// statement makes a statement of its text.
func (l *Loader) statement(text string) *Cmd {
	d := parser.ParseParam(text).Body[0]
	return &Cmd{Node: &Node{Directive: d}, Block: &Block{}, Loader: l}
}

// Collisions names the directives that two modules handle in the same block. A
// correct set of modules has none.
func (l *Loader) Collisions() (out []string) {
	for name, rows := range l.rows {
		for i, a := range rows {
			for _, b := range rows[i+1:] {
				if a.works() && b.works() && a.spec.Contexts&b.spec.Contexts != 0 {
					out = append(out, name+" ("+a.module+", "+b.module+")")
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// works reports whether a module handles the directive, at least in part.
func (r *row) works() bool { return r.status == Supported || r.status == Partial }

// Unlisted names the directives that modules handle and the reference does not list for them:
// a misspelling. A correct set of modules has none.
func (l *Loader) Unlisted() []string { return l.unlisted }

// itemBlocks are blocks whose statements the directive that opens them reads by
// itself.
const itemBlocks = Types | Map | Geo | NumMap

// privateBlocks are blocks whose statements are known nowhere else: those, and
// those of modules that are no part of nginx.
const privateBlocks = itemBlocks | Match | Mgmt | ACMEIssuer | OIDCProvider | OTelExporter

// Support reports how the loader treats the directive of spec.
func (l *Loader) Support(spec *Spec) Status {
	switch {
	case spec.Name == "include" && spec.Contexts&Main != 0:
		return Supported // read with the files
	case spec.Contexts&^itemBlocks == 0:
		if opens := Find(spec.Contexts.String(), spec.Module); opens != nil {
			return l.Support(opens)
		}
	}
	if r := l.rowOf(spec); r != nil {
		return r.status
	}
	return Unsupported
}

// Why returns what does not work of a directive that is a [Hint] or [Partial], "" for
// others.
func (l *Loader) Why(spec *Spec) string {
	r := l.rowOf(spec)
	switch {
	case r == nil:
		return ""
	case r.status == Hint:
		return l.HintReason(spec)
	}
	return r.why
}

func (l *Loader) rowOf(spec *Spec) *row {
	for _, r := range l.rows[spec.Name] {
		if r.spec == spec {
			return r
		}
	}
	return nil
}

// Words are the values that the directive of spec is chosen from, nil where it
// takes others. For a directive that is on or off see [Spec].
func (l *Loader) Words(spec *Spec) (words []string) {
	for _, c := range l.choices[spec.Module+" "+spec.Name] {
		words = append(words, c.Word)
	}
	return words
}

// Named returns the rows of the loader for a directive, by nginx's order of
// modules; none for an unknown name.
func (l *Loader) Named(name string) (specs []*Spec) {
	for _, r := range l.rows[name] {
		specs = append(specs, r.spec)
	}
	return specs
}
