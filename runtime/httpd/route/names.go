package route

import (
	"bytes"
	"errors"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/regex"
)

// What NamesBuilder.Add can object to.
var (
	// ErrConflict: the name is taken; nginx warns `conflicting server name "%s" on %s, ignored`.
	ErrConflict = errors.New("conflicting server name")
	// ErrInvalidName: nginx stops with `invalid server name or wildcard "%s" on %s`.
	ErrInvalidName = errors.New("invalid server name or wildcard")
)

// NamesBuilder collects the server names of one listening address. The zero value is empty and ready for use.
type NamesBuilder[T any] struct {
	names Names[T]
	// Names that are taken. ".example.com" takes "example.com" as well, and does so even when the wildcard itself turns
	// out to be a conflict, as in nginx.
	exact, head, tail map[string]bool
}

// Add adds an exact name or a wildcard: "*.example.com", ".example.com" (the same and "example.com" too) or
// "www.example.*". Case does not matter. The error is nil, ErrConflict (the name is ignored) or ErrInvalidName.
func (b *NamesBuilder[T]) Add(name string, v T) error {
	if b.exact == nil {
		b.exact, b.head, b.tail = map[string]bool{}, map[string]bool{}, map[string]bool{}
		b.names.exact, b.names.head, b.names.tail = map[string]T{}, map[string]T{}, map[string]T{}
	}
	stars := strings.Count(name, "*")
	if stars > 1 || strings.Contains(name, "..") || strings.IndexByte(name, 0) >= 0 {
		return ErrInvalidName
	}
	name = lower(name)
	switch {
	case len(name) > 1 && name[0] == '.':
		if !take(b.exact, name[1:]) || !take(b.head, name[1:]) {
			return ErrConflict
		}
		b.names.exact[name[1:]] = v
		b.names.head[name[1:]] = v
	case len(name) > 2 && strings.HasPrefix(name, "*."):
		if !take(b.head, name[2:]) {
			return ErrConflict
		}
		b.names.head[name[2:]] = v
	case len(name) > 2 && strings.HasSuffix(name, ".*"):
		if !take(b.tail, name[:len(name)-2]) {
			return ErrConflict
		}
		b.names.tail[name[:len(name)-2]] = v
	case stars > 0:
		return ErrInvalidName
	default:
		if !take(b.exact, name) {
			return ErrConflict
		}
		b.names.exact[name] = v
	}
	return nil
}

// AddRegex adds a regular expression; they are tried in the order in which they were added.
func (b *NamesBuilder[T]) AddRegex(re *regex.Regex, v T) {
	b.names.regexes = append(b.names.regexes, nameRegex[T]{re, v})
}

// Build returns the finished table. The builder must not be used afterwards.
func (b *NamesBuilder[T]) Build() *Names[T] {
	for name := range b.names.head {
		b.names.headMin = minLen(b.names.headMin, name)
	}
	for name := range b.names.tail {
		b.names.tailMin = minLen(b.names.tailMin, name)
	}
	return &b.names
}

// Names finds a server by the name that a client asked for. It is immutable and safe for concurrent use.
type Names[T any] struct {
	exact            map[string]T
	head             map[string]T // by what follows "*." or the first dot
	tail             map[string]T // by what precedes ".*"
	headMin, tailMin int          // the length of their shortest keys
	regexes          []nameRegex[T]
}

type nameRegex[T any] struct {
	re *regex.Regex
	v  T
}

// Lookup finds host, which must be in lower case, without port and final dot: the exact name, else the longest wildcard
// with a leading asterisk, else the longest with a trailing one, else the first expression. re is the expression that
// matched, c its offsets into host as regex.Regex.MatchCaptures returns them in caps. ok false with a re: that
// expression gave up (regex.MatchError), which nginx answers with 500.
func (n *Names[T]) Lookup(host []byte, caps []int) (v T, re *regex.Regex, c []int, ok bool) {
	if len(n.exact) > 0 {
		if v, ok = n.exact[string(host)]; ok {
			return v, nil, caps, true
		}
	}
	if len(host) == 0 {
		return v, nil, caps, false
	}
	if len(n.head) > 0 {
		if v, ok = n.suffix(host); ok {
			return v, nil, caps, true
		}
	}
	if len(n.tail) > 0 {
		if v, ok = n.prefix(host); ok {
			return v, nil, caps, true
		}
	}
	for i := range n.regexes {
		r := &n.regexes[i]
		var err error
		if caps, ok, err = r.re.Exec(host, caps); ok {
			return r.v, r.re, caps, true
		}
		if err != nil {
			return v, r.re, caps, false
		}
	}
	return v, nil, caps, false
}

// suffix finds the longest key of head that follows a dot of host.
func (n *Names[T]) suffix(host []byte) (v T, ok bool) {
	for {
		dot := bytes.IndexByte(host, '.')
		if dot < 0 {
			return v, false
		}
		if host = host[dot+1:]; len(host) < n.headMin {
			return v, false
		}
		if v, ok = n.head[string(host)]; ok {
			return v, true
		}
	}
}

// prefix finds the longest key of tail that precedes a dot of host.
func (n *Names[T]) prefix(host []byte) (v T, ok bool) {
	for {
		dot := bytes.LastIndexByte(host, '.')
		if dot < n.tailMin {
			return v, false
		}
		host = host[:dot]
		if v, ok = n.tail[string(host)]; ok {
			return v, true
		}
	}
}

// take notes name and reports whether it was free.
func take(taken map[string]bool, name string) bool {
	if taken[name] {
		return false
	}
	taken[name] = true
	return true
}

func minLen(least int, name string) int {
	if least == 0 {
		return len(name)
	}
	return min(least, len(name))
}

// lower is strings.ToLower for ASCII only, as nginx has it.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}
