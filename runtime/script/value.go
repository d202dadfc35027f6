package script

import "strings"

// Session is what a value is evaluated against: a request.
type Session interface {
	// Var returns the value of variable number i, nil when it has none.
	Var(i int) []byte
	// Capture returns the n-th capture of the last regular expression.
	Capture(n int) []byte
	// Alloc returns n bytes that live as long as the session.
	Alloc(n int) []byte
}

// Value is a compiled text with variables. Immutable; the zero Value is "".
type Value struct {
	lit   []byte // the whole value when it has no variables
	parts []part
	text  string // the source when it has variables
}

type part struct {
	lit     []byte
	index   int // variable number, when kind is variable
	capture int // 1..9, when not 0
}

// maxInline is the number of parts evaluated without a heap allocation.
const maxInline = 24

// Compile reads text. `$name`, `${name}` and `$1` are recognised as nginx
// does; errors are `invalid variable name` and the like.
func (v *Vars[S]) Compile(text string) (*Value, error) {
	if strings.IndexByte(text, '$') < 0 {
		return Literal(text), nil
	}
	text = strings.Clone(text) // it may be a part of a file's text, which does not stay for it
	val := &Value{text: text}
	for i := 0; i < len(text); {
		j := strings.IndexByte(text[i:], '$')
		if j != 0 {
			if j < 0 {
				j = len(text) - i
			}
			val.parts = append(val.parts, part{lit: []byte(text[i : i+j]), index: -1})
			i += j
			continue
		}
		name, capture, n, err := scanName(text[i+1:])
		if err != nil {
			return nil, err
		}
		i += 1 + n
		if capture > 0 {
			val.parts = append(val.parts, part{index: -1, capture: capture})
			continue
		}
		val.parts = append(val.parts, part{index: v.Index(name)})
	}
	return val, nil
}

// scanName reads what follows a dollar.
func scanName(s string) (name string, capture, n int, err error) {
	if s == "" {
		return "", 0, 0, Error("invalid variable name")
	}
	if s[0] >= '1' && s[0] <= '9' {
		return "", int(s[0] - '0'), 1, nil
	}
	braced := s[0] == '{'
	if braced {
		if s = s[1:]; s == "" {
			return "", 0, 0, Error("invalid variable name")
		}
	}
	for n < len(s) && isName(s[n]) {
		n++
	}
	name = s[:n]
	if braced {
		if n == len(s) || s[n] != '}' {
			return "", 0, 0, Error(`the closing bracket in "` + name + `" variable is missing`)
		}
		n += 2
	}
	if name == "" {
		return "", 0, 0, Error("invalid variable name")
	}
	return name, 0, n, nil
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// Literal returns a value without variables.
func Literal(text string) *Value { return &Value{lit: []byte(text)} }

// Text returns the source of the value.
func (v *Value) Text() string {
	if v.parts == nil {
		return string(v.lit)
	}
	return v.text
}

// Static returns the bytes of a value that has no variables.
func (v *Value) Static() ([]byte, bool) { return v.lit, v.parts == nil }

// Uses reports whether the value refers to variable number i.
func (v *Value) Uses(i int) bool {
	for _, p := range v.parts {
		if p.index == i && p.lit == nil && p.capture == 0 {
			return true
		}
	}
	return false
}

// HasCaptures reports whether the value refers to $1..$9.
func (v *Value) HasCaptures() bool {
	for _, p := range v.parts {
		if p.capture > 0 {
			return true
		}
	}
	return false
}

// Eval returns the value for session s. The bytes live as long as the session
// and must not be modified.
func (v *Value) Eval(s Session) []byte {
	if v.parts == nil {
		return v.lit
	}
	if len(v.parts) == 1 {
		return v.parts[0].eval(s)
	}
	var inline [maxInline][]byte
	vals := inline[:0]
	n := 0
	for i := range v.parts {
		b := v.parts[i].eval(s)
		vals = append(vals, b)
		n += len(b)
	}
	out := s.Alloc(n)[:0]
	for _, b := range vals {
		out = append(out, b...)
	}
	return out
}

// Append appends the value to dst.
func (v *Value) Append(dst []byte, s Session) []byte {
	if v.parts == nil {
		return append(dst, v.lit...)
	}
	for i := range v.parts {
		dst = append(dst, v.parts[i].eval(s)...)
	}
	return dst
}

func (p *part) eval(s Session) []byte {
	switch {
	case p.lit != nil:
		return p.lit
	case p.capture > 0:
		return s.Capture(p.capture)
	default:
		return s.Var(p.index)
	}
}
