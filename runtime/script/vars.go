package script

import (
	"slices"
	"strings"
)

// Def is how a variable is computed. S is the session type.
type Def[S any] struct {
	// Get computes the value; ok is false when the variable has none. The
	// bytes must stay valid as long as the session. arg is the rest of the
	// name for a prefix variable, else what Define was given.
	Get func(s S, arg string) (value []byte, ok bool)
	// Set is called when set assigns to the variable; nil stores the value.
	Set func(s S, value []byte)
	// NoCache makes every use compute the value anew.
	NoCache bool
	// Changeable allows set, map and others to define the name again.
	Changeable bool
	// Unhashed is for names that nginx does not put into variables_hash.
	Unhashed bool
	// Arg is passed to Get.
	Arg string
}

// Variable is one name of the namespace.
type Variable[S any] struct {
	Name    string
	Index   int // position among the indexed variables, -1 before it is used
	Defined bool
	// Weak variables exist because something stores into them (set, a named
	// capture); another definition may still provide their Get.
	Weak bool
	Def[S]
}

// Vars is the namespace of one subsystem in one configuration.
type Vars[S any] struct {
	names    map[string]*Variable[S]
	prefixes map[string]Def[S]
	indexed  []*Variable[S]
	missing  func(name string) bool // see Missing
}

// NewVars returns an empty namespace.
func NewVars[S any]() *Vars[S] {
	return &Vars[S]{names: make(map[string]*Variable[S]), prefixes: make(map[string]Def[S])}
}

// Error is a refused variable, in nginx's words.
type Error string

func (e Error) Error() string { return string(e) }

func (v *Vars[S]) entry(name string) *Variable[S] {
	name = strings.ToLower(name)
	x := v.names[name]
	if x == nil {
		x = &Variable[S]{Name: name, Index: -1}
		v.names[name] = x
	}
	return x
}

// Define adds a built-in variable.
func (v *Vars[S]) Define(name string, d Def[S]) *Variable[S] {
	x := v.entry(name)
	x.Def, x.Defined, x.Weak = d, true, false
	return x
}

// DefinePrefix adds a family of variables (arg_, http_, cookie_): any name
// that begins with prefix and has no definition of its own.
func (v *Vars[S]) DefinePrefix(prefix string, d Def[S]) { v.prefixes[prefix] = d }

// Add defines a variable on behalf of a directive (map, geo, set, a named
// capture). A name that exists and is not changeable is refused with `the
// duplicate "x" variable`. weak definitions do not replace an existing Get.
func (v *Vars[S]) Add(name string, d Def[S], weak bool) (*Variable[S], error) {
	if name == "" {
		return nil, Error(`invalid variable name "$"`)
	}
	x := v.entry(name)
	if x.Defined {
		if !x.Changeable {
			return nil, Error(`the duplicate "` + name + `" variable`)
		}
		if weak {
			return x, nil
		}
		if !x.Weak {
			set := x.Set
			x.Def = d
			x.Changeable = true
			if x.Set == nil {
				x.Set = set
			}
			return x, nil
		}
	}
	x.Def, x.Defined, x.Weak = d, true, weak
	x.Changeable = true
	return x, nil
}

// Index returns the number of a variable that is used somewhere. Whether it
// exists is checked by Resolve, since its definition may follow.
func (v *Vars[S]) Index(name string) int {
	x := v.entry(name)
	if x.Index < 0 {
		x.Index = len(v.indexed)
		v.indexed = append(v.indexed, x)
	}
	return x.Index
}

// Known reports whether the name has a definition now.
func (v *Vars[S]) Known(name string) bool {
	x := v.names[strings.ToLower(name)]
	return x != nil && x.Defined
}

// Missing sets the names that nginx defines and this program does not. Such a name is
// refused as known to nginx where the configuration does not define it.
func (v *Vars[S]) Missing(is func(name string) bool) { v.missing = is }

// Find returns how the variable of a name is computed, for callers that get names
// from requests; nil without one. index is its number, -1 where the
// configuration does not use it. name is in lower case. Call it after Resolve.
func (v *Vars[S]) Find(name string) (d *Def[S], index int) {
	if x := v.names[name]; x != nil && (x.Defined || x.Index >= 0) {
		return &x.Def, x.Index
	}
	best := ""
	for p := range v.prefixes {
		if strings.HasPrefix(name, p) && len(p) > len(best) {
			best = p
		}
	}
	if best == "" {
		return nil, -1
	}
	found := v.prefixes[best]
	found.Arg = name[len(best):]
	return &found, -1
}

// Resolve completes the used variables once the whole configuration was read:
// prefix families are looked up, and a name that nothing defines is refused
// with `unknown "x" variable`, or as one that is missing.
func (v *Vars[S]) Resolve() error {
	for _, x := range v.indexed {
		if x.Defined && (x.Get != nil || !x.Weak) {
			continue
		}
		p, found := v.family(x.Name)
		if found {
			set := x.Set
			x.Def = v.prefixes[p]
			x.Arg = x.Name[len(p):]
			x.Set = set
		}
		if !found && !x.Defined && v.missing != nil && v.missing(x.Name) {
			return Error(`the "` + x.Name + `" variable is known to nginx but not supported here`)
		}
		if !found && !x.Defined {
			return Error(`unknown "` + x.Name + `" variable`)
		}
	}
	return nil
}

// family finds the longest prefix of name that makes it one of a family.
func (v *Vars[S]) family(name string) (prefix string, ok bool) {
	for p := range v.prefixes {
		if strings.HasPrefix(name, p) && len(p) > len(prefix) {
			prefix, ok = p, true
		}
	}
	return prefix, ok
}

// Unknown returns the names that are used somewhere and that nothing defines:
// all those that Resolve would refuse, not only the first one.
func (v *Vars[S]) Unknown() (names []string) {
	for _, x := range v.indexed {
		if _, ok := v.family(x.Name); !ok && !x.Defined {
			names = append(names, x.Name)
		}
	}
	return names
}

// Names returns the names that have a definition, in alphabetical order.
func (v *Vars[S]) Names() (names []string) {
	for name, x := range v.names {
		if x.Defined {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// HashNames returns those of Names that nginx puts into variables_hash.
func (v *Vars[S]) HashNames() []string {
	return slices.DeleteFunc(v.Names(), func(name string) bool { return v.names[name].Unhashed })
}

// Indexed returns the used variables; a variable's number is its position.
func (v *Vars[S]) Indexed() []*Variable[S] { return v.indexed }
