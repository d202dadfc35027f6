package route

import (
	"errors"

	"github.com/sluiceproxy/sluice/runtime/regex"
)

// What NamesBuilder.Add can object to.
var (
	// ErrConflict: the name is taken; nginx warns `conflicting server name "%s" on %s, ignored`.
	ErrConflict = errors.New("conflicting server name")
	// ErrInvalidName: nginx stops with `invalid server name or wildcard "%s" on %s`.
	ErrInvalidName = errors.New("invalid server name or wildcard")
)

// NamesBuilder collects the server names of one listening address.
type NamesBuilder[T any] struct{ n Names[T] }

// Add adds an exact name or a wildcard. The error is nil, ErrConflict (the name is ignored) or ErrInvalidName.
func (b *NamesBuilder[T]) Add(name string, v T) error { return nil }

// AddRegex adds a regular expression; they are tried in the order in which they were added.
func (b *NamesBuilder[T]) AddRegex(re *regex.Regex, v T) {}

// Build returns the finished table. The builder must not be used afterwards.
func (b *NamesBuilder[T]) Build() *Names[T] { return &b.n }

// Names finds a server by the name that a client asked for. It is immutable and safe for concurrent use.
type Names[T any] struct{ _ T }

// Lookup finds host, which must be lower case, without port and trailing dot. re is the expression that matched, caps
// its offsets into host (caps is overwritten and grown as regex.Regex.MatchCaptures does). ok false with a non-nil re:
// that expression gave up (regex.MatchError), which nginx answers with 500.
func (n *Names[T]) Lookup(host []byte, caps []int) (v T, re *regex.Regex, c []int, ok bool) {
	return v, nil, caps, false
}
