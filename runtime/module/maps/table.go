package maps

import (
	"errors"

	"github.com/sluiceproxy/sluice/runtime/flat"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/route"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// table finds a value by a key. Immutable once finished. A table may have a million keys: keys and the values without
// variables are kept in flat tables, each value once, and the others as they are compiled.
type table struct {
	exact     flat.Map // refs by the key in lower case
	names     *route.Names[ref]
	regexes   []expression
	def       ref
	hasDef    bool // def was given; without it the value is empty
	hostnames bool
	keys      []string // as given, until the table is finished

	texts  flat.Texts      // values without variables
	values []*script.Value // those with variables

	builder *route.NamesBuilder[ref] // nil without wildcards, and once finished
}

// ref says where a value is: in texts at half of it, or in values at half of it when it is odd.
type ref uint64

// expression is a regular expression and its value.
type expression struct {
	re  *regex.Regex
	val ref
}

// keyError is a refused key, in nginx's words.
type keyError string

func (e keyError) Error() string { return string(e) }

// text takes in a value without variables.
func (t *table) text(v string) ref { return ref(t.texts.Add(v) << 1) }

// computed takes in a value with variables.
func (t *table) computed(v *script.Value) ref {
	t.values = append(t.values, v)
	return ref(len(t.values)-1)<<1 | 1
}

// value computes the value at r.
func (t *table) value(r ref, s script.Session) []byte {
	if r&1 != 0 {
		return t.values[r>>1].Eval(s)
	}
	return t.texts.Get(uint64(r >> 1))
}

// add adds a key. Where hostnames was given before, it may be a wildcard.
func (t *table) add(key string, v ref) error {
	low := key
	if hasUpper([]byte(key)) {
		low = string(h1.AppendLower(nil, []byte(key)))
	}
	if _, taken := t.exact.Find([]byte(low)); taken {
		return keyError(`conflicting parameter "` + low + `"`)
	}
	if !t.hostnames {
		t.exact.Add(low, uint64(v))
		t.keys = append(t.keys, low)
		return nil
	}
	if t.builder == nil {
		t.builder = &route.NamesBuilder[ref]{}
	}
	switch err := t.builder.Add(key, v); {
	case err == nil:
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
	t.exact.Clip()
	t.texts.Clip()
	if t.builder != nil {
		t.names, t.builder = t.builder.Build(), nil
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
func (t *table) find(key []byte, a allocator) (v ref, ok bool) {
	if hasUpper(key) {
		key = h1.AppendLower(a.Alloc(len(key))[:0], key)
	}
	if n, ok := t.exact.Find(key); ok || t.names == nil {
		return ref(n), ok
	}
	v, _, _, ok = t.names.Lookup(key, nil)
	return v, ok
}

// byRegex returns the value of the first expression that matches, else the
// default; ok is false where none was given. An expression that fails counts as
// the end of the list.
func (t *table) byRegex(key []byte, r *httpd.Request) (v ref, ok bool) {
	if len(key) > 0 {
		for i := range t.regexes {
			switch e := &t.regexes[i]; r.TryMatch(e.re, key) {
			case httpd.OK:
				return e.val, true
			case httpd.Declined:
			default:
				return t.def, t.hasDef
			}
		}
	}
	return t.def, t.hasDef
}

func hasUpper(b []byte) bool {
	for _, c := range b {
		if 'A' <= c && c <= 'Z' {
			return true
		}
	}
	return false
}
