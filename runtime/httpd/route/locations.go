package route

import "github.com/sluiceproxy/sluice/runtime/regex"

// Location is one location block as it goes into a table. nginx's if and limit_except blocks have no name and are not
// part of it.
type Location[T any] struct {
	Name         string        // without modifier: "/images/", "\.php$", "@fallback"
	Exact        bool          // location = name
	NoRegex      bool          // location ^~ name
	Named        bool          // location @name
	Regex        *regex.Regex  // location ~ and ~*; nil for the others
	AutoRedirect bool          // the handler asks for a redirect from /name to /name/ (proxy_pass and its kin)
	Nested       *Locations[T] // the blocks inside, nil if there are none
	Value        T
}

// DuplicateError says that a location repeats an earlier one.
type DuplicateError struct {
	Name  string
	Index int // into the list given to NewLocations: the later of the two
}

// Error is nginx's message without the file and line: duplicate location "%s".
func (e *DuplicateError) Error() string { return `duplicate location "` + e.Name + `"` }

// Locations is the location table of a server or of a location. It is immutable and safe for concurrent use.
type Locations[T any] struct{ _ T }

// NewLocations builds a table from the blocks in the order of the configuration. The error is a *DuplicateError.
func NewLocations[T any](list []Location[T]) (*Locations[T], error) { return &Locations[T]{}, nil }

// Result is the outcome of Find.
type Result[T any] struct {
	Value        T
	Found        bool         // false: no location matches, the server's own settings apply
	Exact        bool         // an exact location matched (nginx ends the search there)
	NoRegex      bool         // the location that was chosen is marked ^~
	AutoRedirect bool         // answer 301 to the location's own name
	Regex        *regex.Regex // the last expression that matched on the way, nil if none
	Caps         []int        // its offsets into the URI
	Err          error        // a regex.MatchError: answer 500
}

// Find looks up uri as ngx_http_core_find_location does. A nil table finds nothing. caps is overwritten and grown.
func (l *Locations[T]) Find(uri []byte, caps []int) Result[T] { return Result[T]{Caps: caps} }

// Named finds a location by its name, "@" included.
func (l *Locations[T]) Named(name []byte) (v T, ok bool) { return v, false }
