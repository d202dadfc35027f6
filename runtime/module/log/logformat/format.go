package logformat

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/script"
)

// Session is what a line is about.
type Session interface {
	// Lookup returns the value of variable i and whether it has one.
	Lookup(i int) ([]byte, bool)
}

// Special computes a name without the detour of a variable.
type Special[S Session] func(dst []byte, s S) []byte

// Format is a compiled format. It is immutable.
type Format[S Session] struct {
	ops    []op[S]
	escape Escape
}

// op appends a literal, a special or a variable: the first that is set.
type op[S Session] struct {
	lit      []byte
	special  Special[S]
	variable int
}

// Error is a refused format, in nginx's words and without its place.
type Error string

func (e Error) Error() string { return string(e) }

// Compile reads the arguments of log_format behind the name: an optional
// escape= and the parts of the text. Variables need not be defined yet.
func Compile[S Session](vars *script.Vars[S], specials map[string]Special[S], args []string) (*Format[S], error) {
	f := &Format[S]{}
	if len(args) > 0 && strings.HasPrefix(args[0], "escape=") {
		switch word := args[0][len("escape="):]; word {
		case "json":
			f.escape = JSON
		case "none":
			f.escape = None
		case "default":
		default:
			return nil, Error(`unknown log format escaping "` + word + `"`)
		}
		args = args[1:]
	}
	for _, text := range args {
		if err := f.add(vars, specials, text); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// add compiles one argument.
func (f *Format[S]) add(vars *script.Vars[S], specials map[string]Special[S], text string) error {
	for text != "" {
		if text[0] != '$' {
			n := strings.IndexByte(text, '$')
			if n < 0 {
				n = len(text)
			}
			f.literal(text[:n])
			text = text[n:]
			continue
		}
		name, rest, err := scanName(text)
		if err != nil {
			return err
		}
		if fn := specials[name]; fn != nil {
			f.ops = append(f.ops, op[S]{special: fn})
		} else {
			f.ops = append(f.ops, op[S]{variable: vars.Index(name)})
		}
		text = rest
	}
	return nil
}

// literal adds text, joined with a literal right before it.
func (f *Format[S]) literal(text string) {
	if n := len(f.ops); n > 0 && f.ops[n-1].lit != nil {
		f.ops[n-1].lit = append(f.ops[n-1].lit, text...)
		return
	}
	f.ops = append(f.ops, op[S]{lit: []byte(text)})
}

// scanName reads the $name or ${name} that text begins with.
func scanName(text string) (name, rest string, err error) {
	s := text[1:]
	braced := strings.HasPrefix(s, "{")
	if braced {
		s = s[1:]
	}
	if s == "" {
		return "", "", Error(`invalid parameter "` + text + `"`)
	}
	n := 0
	for n < len(s) && isName(s[n]) {
		n++
	}
	name, rest = s[:n], s[n:]
	if braced {
		if !strings.HasPrefix(rest, "}") {
			return "", "", Error(`the closing bracket in "` + name + `" variable is missing`)
		}
		rest = rest[1:]
	}
	if name == "" {
		return "", "", Error(`invalid parameter "` + text + `"`)
	}
	return name, rest, nil
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// Append appends the line for s, without a line feed.
func (f *Format[S]) Append(dst []byte, s S) []byte {
	for i := range f.ops {
		o := &f.ops[i]
		switch {
		case o.lit != nil:
			dst = append(dst, o.lit...)
		case o.special != nil:
			dst = o.special(dst, s)
		default:
			v, ok := s.Lookup(o.variable)
			dst = f.escape.AppendValue(dst, v, ok)
		}
	}
	return dst
}
