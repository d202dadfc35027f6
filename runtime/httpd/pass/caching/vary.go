package caching

import (
	"crypto/md5"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Variant returns the hash of the variant that a request gets of a resource whose
// responses vary: of the key and the fields of the request that vary names. scratch is
// memory to use, which is returned for the next time.
func Variant(key [16]byte, vary []byte, fields []h1.Field, scratch []byte) (hash [16]byte, used []byte) {
	b := append(scratch[:0], key[:]...)
	for {
		var name []byte
		if name, vary = nextName(vary); len(name) == 0 {
			return md5.Sum(b), b
		}
		from := len(b)
		for _, c := range name {
			if 'A' <= c && c <= 'Z' {
				c |= 0x20
			}
			b = append(b, c)
		}
		lower := b[from:]
		b = append(b, ':')
		b = appendValues(b, fields, name, isList(lower))
		b = append(b, '\r', '\n')
	}
}

// isList reports whether the spaces in a field's value have no meaning.
func isList(lower []byte) bool {
	switch string(lower) {
	case "accept-charset", "accept-encoding", "accept-language":
		return true
	}
	return false
}

// appendValues appends the values of all fields with a name, with commas between them. Of a
// list the elements are, so that spaces make no difference.
func appendValues(b []byte, fields []h1.Field, name []byte, list bool) []byte {
	from := len(b)
	for i := range fields {
		f := &fields[i]
		if len(f.Name) != len(name) || !equalFold(f.Name, name) {
			continue
		}
		value := f.Value
		for {
			element := value
			if list {
				if element, value = nextName(value); len(element) == 0 {
					break
				}
			}
			if len(b) > from {
				b = append(b, ',')
			}
			b = append(b, element...)
			if !list {
				break
			}
		}
	}
	return b
}

// nextName returns the next of a list's elements, which commas and spaces separate, and
// what follows it.
func nextName(v []byte) (name, rest []byte) {
	i := 0
	for i < len(v) && (v[i] == ' ' || v[i] == ',') {
		i++
	}
	j := i
	for j < len(v) && v[j] != ' ' && v[j] != ',' {
		j++
	}
	return v[i:j], v[j:]
}

// equalFold compares without regard to case.
func equalFold(a, b []byte) bool {
	for i := range a {
		x, y := a[i], b[i]
		if x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}
