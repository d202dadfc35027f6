package route

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/regex"
)

// Location is one location block as it goes into a table. Blocks without a name (if, limit_except) are not part of it.
type Location[T any] struct {
	Name         string        // without modifier: "/images/", `\.php$`, "@fallback"
	Exact        bool          // location = name
	NoRegex      bool          // location ^~ name
	Named        bool          // location @name
	Regex        *regex.Regex  // location ~ and ~*; nil for the others
	AutoRedirect bool          // the handler asks for a redirect from /name to /name/ (proxy_pass and similar directives)
	Nested       *Locations[T] // the blocks inside, nil if there are none
	Value        T
}

// DuplicateError says that a location repeats an earlier one.
type DuplicateError struct {
	Name  string
	Index int // into the list given to NewLocations: the later of the two
}

// Error is nginx's message up to the file and line: duplicate location "%s".
func (e *DuplicateError) Error() string { return `duplicate location "` + e.Name + `"` }

// Locations is the location table of a server or of a location. It is immutable and safe for concurrent use; a nil
// table is empty.
type Locations[T any] struct {
	all     []Location[T]
	tree    tree
	regexes []int32 // into all, in the order of the configuration
	named   map[string]int32
}

// NewLocations builds a table from blocks in the order of the configuration. It keeps list. The error is a
// *DuplicateError, for the repeated name that sorts first, which is the one nginx finds. Named locations may repeat; the
// first counts.
func NewLocations[T any](list []Location[T]) (*Locations[T], error) {
	l := &Locations[T]{all: list}
	var b treeBuilder
	duplicate := -1
	for i := range list {
		loc := &list[i]
		switch {
		case loc.Regex != nil:
			l.regexes = append(l.regexes, int32(i))
		case loc.Named:
			if l.named == nil {
				l.named = map[string]int32{}
			}
			if _, taken := l.named[loc.Name]; !taken {
				l.named[loc.Name] = int32(i)
			}
		case !b.add(loc.Name, int32(i), loc.Exact, loc.AutoRedirect):
			if duplicate < 0 || sortsBefore(loc.Name, list[duplicate].Name) {
				duplicate = i
			}
		}
	}
	if duplicate >= 0 {
		return nil, &DuplicateError{Name: list[duplicate].Name, Index: duplicate}
	}
	l.tree = b.flatten()
	return l, nil
}

// sortsBefore is nginx's order of location names, in which a slash comes before every other byte.
func sortsBefore(a, b string) bool {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	if n == len(a) || n == len(b) {
		return len(a) < len(b)
	}
	return a[n] == '/' || b[n] != '/' && a[n] < b[n]
}

// Outside reports whether a nested location, which must not be a regular expression, has a name that does not begin with
// the name of the one around it: `location "%s" is outside location "%s"`.
func Outside(nested, around string) bool { return !strings.HasPrefix(nested, around) }

// Result is the outcome of Find.
type Result[T any] struct {
	Value        T
	Found        bool         // false: no location matches, the settings around the table apply
	Exact        bool         // Value is of an exact location
	NoRegex      bool         // Value is of a location marked ^~
	AutoRedirect bool         // answer 301 to the name of Value's location
	Regex        *regex.Regex // the expression that matched last on the way, nil if none did
	Caps         []int        // its offsets into the URI; without one, the slice given to Find
	Err          error        // a regex.MatchError: answer 500
}

// outcome is what a search in one table tells the search in the table around it.
type outcome uint8

const (
	declined outcome = iota // nothing found
	again                   // a prefix, which expressions further out may still override
	final                   // the search is over
)

// Find looks up uri, which is decoded and normalised. The longest prefix wins and the search goes on in the blocks
// nested in it; then, unless that prefix is marked ^~, the first expression that matches takes over, those of the
// innermost table first. An exact name ends the search at once, and so does a location that asks to be redirected to
// because only its final slash is missing. caps is memory for Result.Caps, overwritten when an expression matches.
// outer, which may be nil, hears of the expressions around nested locations.
func (l *Locations[T]) Find(uri []byte, caps []int, outer Outer) Result[T] {
	res := Result[T]{Caps: caps}
	l.find(uri, &res, outer)
	return res
}

// Outer is called for an expression that matched when the search goes on inside of its location, where another one may take
// its place in the Result: its named groups stay set.
type Outer interface {
	Matched(re *regex.Regex, caps []int)
}

func (l *Locations[T]) find(uri []byte, res *Result[T], outer Outer) outcome {
	if l == nil {
		return declined
	}
	state := declined
	noRegex := false
	if at, how := l.tree.find(uri); at >= 0 {
		loc := &l.all[at]
		res.choose(loc)
		switch how {
		case foundRedirect:
			res.AutoRedirect = true
			return final
		case foundExact:
			return final
		}
		noRegex = loc.NoRegex
		state = again
		if loc.Nested != nil && loc.Nested.find(uri, res, outer) == final {
			return final
		}
	}
	if noRegex {
		return state
	}
	for _, i := range l.regexes {
		loc := &l.all[i]
		caps, ok, err := loc.Regex.Exec(uri, res.Caps)
		if err != nil {
			res.Err = err
			return final
		}
		if !ok {
			continue
		}
		res.Caps, res.Regex = caps, loc.Regex
		res.choose(loc)
		if loc.Nested != nil {
			if outer != nil {
				outer.Matched(loc.Regex, caps)
			}
			loc.Nested.find(uri, res, outer)
			res.AutoRedirect = false // nginx does not redirect from inside of an expression
		}
		return final
	}
	return state
}

func (r *Result[T]) choose(loc *Location[T]) {
	r.Value, r.Found, r.Exact, r.NoRegex = loc.Value, true, loc.Exact, loc.NoRegex
}

// Named finds a location by its name, "@" included.
func (l *Locations[T]) Named(name []byte) (v T, ok bool) {
	if l == nil {
		return v, false
	}
	i, ok := l.named[string(name)]
	if !ok {
		return v, false
	}
	return l.all[i].Value, true
}
