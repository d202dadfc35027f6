package explain

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// httpLevels are the blocks a request can be in.
const httpLevels = conf.HTTP | conf.Server | conf.ServerIf | conf.Location | conf.LocationIf | conf.LimitExcept

// together are directives that share a value: one of them in a block takes the
// place of all of them further out.
var together = [][]string{{"allow", "deny"}, {"root", "alias"}}

// merging are lists that a directive can let grow instead of being replaced.
var merging = map[string]string{"add_header": "add_header_inherit", "add_trailer": "add_trailer_inherit"}

// groupOf is the names that name shares its value with, itself included.
func groupOf(name string) []string {
	for _, g := range together {
		if slices.Contains(g, name) {
			return g
		}
	}
	return []string{name}
}

// effective is a value in effect with the statements that it comes from.
type effective struct {
	Setting
	nodes []*conf.Node
}

// settings are the values in effect in b, by name; with all, defaults, too.
func (x *Explainer) settings(b *conf.Block, all bool) []Setting {
	known := map[string]*conf.Spec{}
	for _, s := range x.traced.Loader.Inherited() {
		if s.Contexts&httpLevels != 0 {
			known[s.Name] = s
		}
	}
	out := []Setting{}
	done := map[string]bool{}
	add := func(name string) {
		if done[name] {
			return
		}
		for _, n := range groupOf(name) {
			done[n] = true
		}
		if s, ok := x.setting(b, name); ok {
			out = append(out, s.Setting)
		}
	}
	for at := b; at != nil; at = at.Parent {
		for _, s := range x.traced.Loader.Settings(at) {
			if takesPart(&s, known, at == b) {
				add(s.Spec.Name)
			}
		}
	}
	if all {
		for name, s := range known {
			if done[name] || ownOnly(name) {
				continue
			}
			v := Setting{Name: name, Module: s.Module, Origin: "default", Values: []Value{}, Ineffective: x.traced.Loader.HintReason(s)}
			if s.Default != "-" && s.Default != "" {
				v.Values = append(v.Values, Value{Text: s.Default})
			}
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b Setting) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// takesPart reports whether a directive is one whose value can be in effect
// further in, or in its block itself.
func takesPart(s *conf.Setting, known map[string]*conf.Spec, own bool) bool {
	if s.Hint {
		return s.Spec.Contexts&httpLevels != 0
	}
	return s.Inherited && known[s.Spec.Name] != nil && (own || !ownOnly(s.Spec.Name))
}

// ownOnly names what counts in its own block alone.
func ownOnly(name string) bool {
	return name == "try_files" || name == "internal" || strings.HasSuffix(name, "_pass")
}

// setting is the value of a directive in effect in b. ok: it is set somewhere,
// or kept away by a directive that lets nothing in.
func (x *Explainer) setting(b *conf.Block, name string) (e effective, ok bool) {
	group := groupOf(name)
	e.Values = []Value{}
	closed := false // the value is complete: what comes now is hidden
	for at := b; at != nil; at = at.Parent {
		found := false
		for _, s := range x.traced.Loader.Settings(at) {
			if !slices.Contains(group, s.Spec.Name) {
				continue
			}
			found = true
			v := Value{Text: arguments(s.Node), At: place(s.Node), Origin: kind(at)}
			switch {
			case !closed:
				if len(e.Values) == 0 {
					e.Module, e.Origin = s.Spec.Module, kind(at)
				}
				e.Values, e.nodes = append(e.Values, v), append(e.nodes, s.Node)
				if s.Hint {
					e.Ineffective = x.traced.Loader.HintReason(s.Spec)
				}
			case !s.Spec.Once:
				if len(group) > 1 {
					v.Text = statement(s.Node)
				}
				if e.Module == "" {
					e.Module, e.Origin = s.Spec.Module, kind(b)
				}
				e.Hidden = append(e.Hidden, v)
			}
		}
		closed = closed || x.closes(at, name, found)
	}
	e.name()
	if len(e.nodes) == 0 {
		e.Name = name
	}
	return e, len(e.Values)+len(e.Hidden) > 0
}

// name calls a value by its directive; where several have a part in it, each
// word of it begins with its own.
func (e *effective) name() {
	var names []string
	for _, n := range e.nodes {
		if !slices.Contains(names, n.Name.Value) {
			names = append(names, n.Name.Value)
		}
	}
	e.Name = strings.Join(names, ", ")
	if len(names) > 1 {
		for i, n := range e.nodes {
			e.Values[i].Text = statement(n)
		}
	}
}

// closes reports whether the list of name in block b, of which found says that
// it has items there, keeps those further out away.
func (x *Explainer) closes(b *conf.Block, name string, found bool) bool {
	mode := "on"
	if list, _ := x.find(b, merging[name]); len(list) > 0 {
		mode = list[0].Node.Args[0].Value
	}
	return mode == "off" || found && mode != "merge"
}
