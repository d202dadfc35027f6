package route

import (
	"bytes"
	"errors"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/flat"
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
	exact, head, tail flat.Map
}

// Add adds an exact name or a wildcard: "*.example.com", ".example.com" (the same and "example.com" too) or
// "www.example.*". Case does not matter. The error is nil, ErrConflict (the name is ignored) or ErrInvalidName.
func (b *NamesBuilder[T]) Add(name string, v T) error {
	stars := strings.Count(name, "*")
	if stars > 1 || strings.Contains(name, "..") || strings.IndexByte(name, 0) >= 0 {
		return ErrInvalidName
	}
	name = lower(name)
	switch {
	case len(name) > 1 && name[0] == '.':
		if !b.exact.Add(name[1:], 0) || !b.head.Add(name[1:], 0) {
			return ErrConflict
		}
		b.names.exact.set(name[1:], v)
		b.names.head.set(name[1:], v)
	case len(name) > 2 && strings.HasPrefix(name, "*."):
		if !b.head.Add(name[2:], 0) {
			return ErrConflict
		}
		b.names.head.set(name[2:], v)
	case len(name) > 2 && strings.HasSuffix(name, ".*"):
		if !b.tail.Add(name[:len(name)-2], 0) {
			return ErrConflict
		}
		b.names.tail.set(name[:len(name)-2], v)
	case stars > 0:
		return ErrInvalidName
	default:
		if !b.exact.Add(name, 0) {
			return ErrConflict
		}
		b.names.exact.set(name, v)
	}
	return nil
}

// AddRegex adds a regular expression; they are tried in the order in which they were added.
func (b *NamesBuilder[T]) AddRegex(re *regex.Regex, v T) {
	b.names.regexes = append(b.names.regexes, nameRegex[T]{re, v})
}

// Build returns the finished table. The builder must not be used afterwards.
func (b *NamesBuilder[T]) Build() *Names[T] {
	n := b.names // a copy: the builder and what it notes are not kept
	n.exact.at.Clip()
	n.head.at.Clip()
	n.tail.at.Clip()
	return &n
}

// Names finds a server by the name that a client asked for. It is immutable and safe for concurrent use.
type Names[T any] struct {
	exact   nameTable[T]
	head    nameTable[T] // by what follows "*." or the first dot
	tail    nameTable[T] // by what precedes ".*"
	regexes []nameRegex[T]
}

// nameTable finds values by names.
type nameTable[T any] struct {
	at     flat.Map // indexes into values
	values []T
	least  int // the length of the shortest name
}

// set adds a name that is not there yet.
func (t *nameTable[T]) set(name string, v T) {
	if t.least == 0 || len(name) < t.least {
		t.least = len(name)
	}
	t.at.Add(name, uint64(len(t.values)))
	t.values = append(t.values, v)
}

func (t *nameTable[T]) find(name []byte) (v T, ok bool) {
	i, ok := t.at.Find(name)
	if ok {
		v = t.values[i]
	}
	return v, ok
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
	if v, ok = n.exact.find(host); ok {
		return v, nil, caps, true
	}
	if len(host) == 0 {
		return v, nil, caps, false
	}
	if n.head.at.Len() > 0 {
		if v, ok = n.suffix(host); ok {
			return v, nil, caps, true
		}
	}
	if n.tail.at.Len() > 0 {
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
		if host = host[dot+1:]; len(host) < n.head.least {
			return v, false
		}
		if v, ok = n.head.find(host); ok {
			return v, true
		}
	}
}

// prefix finds the longest key of tail that precedes a dot of host.
func (n *Names[T]) prefix(host []byte) (v T, ok bool) {
	for {
		dot := bytes.LastIndexByte(host, '.')
		if dot < n.tail.least {
			return v, false
		}
		host = host[:dot]
		if v, ok = n.tail.find(host); ok {
			return v, true
		}
	}
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
