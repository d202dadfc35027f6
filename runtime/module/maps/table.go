package maps

import (
	"errors"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/route"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// table finds a value by a key. Immutable once finished.
type table struct {
	exact     map[string]*script.Value // by the key in lower case
	names     *route.Names[*script.Value]
	regexes   []expression
	def       *script.Value // nil: the empty value
	hostnames bool
	keys      []string // as given, until the table is finished

	builder route.NamesBuilder[*script.Value]
	wild    bool // builder holds something
}

// expression is a regular expression and its value.
type expression struct {
	re  *regex.Regex
	val *script.Value
}

// keyError is a refused key, in nginx's words.
type keyError string

func (e keyError) Error() string { return string(e) }

func newTable() *table { return &table{exact: map[string]*script.Value{}} }

// add adds a key. Where hostnames was given before, it may be a wildcard.
func (t *table) add(key string, v *script.Value) error {
	low := string(h1.AppendLower(nil, []byte(key)))
	if _, taken := t.exact[low]; taken {
		return keyError(`conflicting parameter "` + low + `"`)
	}
	if !t.hostnames {
		t.exact[low] = v
		t.keys = append(t.keys, low)
		return nil
	}
	switch err := t.builder.Add(key, v); {
	case err == nil:
		t.wild = true
		t.keys = append(t.keys, low)
		return nil
	case errors.Is(err, route.ErrConflict):
		return keyError(`conflicting parameter "` + low + `"`)
	default:
		return keyError(`invalid hostname or wildcard "` + key + `"`)
	}
}

func (t *table) finish() {
	t.keys = nil
	if t.wild {
		t.names = t.builder.Build()
	}
}

// allocator gives memory that lives as long as the request.
type allocator interface{ Alloc(n int) []byte }

// trim takes off a host name's final dot.
func (t *table) trim(key []byte) []byte {
	if t.hostnames && len(key) > 0 && key[len(key)-1] == '.' {
		return key[:len(key)-1]
	}
	return key
}

// find returns the value for a key by text; ok is false when only the
// expressions and the default are left.
func (t *table) find(key []byte, a allocator) (v *script.Value, ok bool) {
	if hasUpper(key) {
		key = h1.AppendLower(a.Alloc(len(key))[:0], key)
	}
	if v, ok = t.exact[string(key)]; ok || t.names == nil {
		return v, ok
	}
	v, _, _, ok = t.names.Lookup(key, nil)
	return v, ok
}

// byRegex returns the value of the first expression that matches, else the
// default. An expression that fails counts as the end of the list.
func (t *table) byRegex(key []byte, r *httpd.Request) *script.Value {
	if len(key) > 0 {
		for i := range t.regexes {
			switch e := &t.regexes[i]; r.TryMatch(e.re, key) {
			case httpd.OK:
				return e.val
			case httpd.Declined:
			default:
				return t.def
			}
		}
	}
	return t.def
}

func hasUpper(b []byte) bool {
	for _, c := range b {
		if 'A' <= c && c <= 'Z' {
			return true
		}
	}
	return false
}
