package pass

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Param is a *_param directive: NAME VALUE [if_not_empty].
type Param struct {
	Name       string
	Value      *script.Value
	IfNotEmpty bool
}

// BindParams binds a *_param directive.
func BindParams(b *httpd.Builder, t *conf.Table, directive string, list *conf.List[Param]) {
	t.Func(directive, func(c *conf.Cmd) error {
		if len(c.Args) == 3 && c.Arg(2) != "if_not_empty" {
			return c.Errorf(`invalid parameter "%s"`, c.Arg(2))
		}
		v, err := b.Value(c, 1)
		if err != nil {
			return err
		}
		list.Add(c.Block, Param{Name: c.Arg(0), Value: v, IfNotEmpty: len(c.Args) == 3})
		return nil
	})
}

// AppendParam appends a parameter to dst as a protocol has it. nil: the protocol cannot carry it.
type AppendParam func(dst, name, value []byte) []byte

// Params are the parameters that a gateway is sent: those of the configuration, and the
// fields of the client's request, "User-Agent" as HTTP_USER_AGENT. Immutable.
type Params struct {
	add   AppendParam
	lines []paramLine
	given [][]byte // names without HTTP_ that the configuration sets, in its spelling
}

// paramLine is a parameter, or several whose text is known.
type paramLine struct {
	text       []byte // complete; nil: name and value
	name       []byte
	value      *script.Value
	ifNotEmpty bool
}

// NewParams compiles a list of parameters for a protocol.
func NewParams(list []Param, add AppendParam) *Params {
	p := &Params{add: add}
	for i := range list {
		name := []byte(list[i].Name)
		given, ofField := bytes.CutPrefix(name, httpPrefix)
		if ofField = ofField && len(given) > 0; ofField {
			p.given = append(p.given, given)
		}
		text, static := list[i].Value.Static()
		switch n := len(p.lines); {
		case static && len(text) == 0 && (ofField || list[i].IfNotEmpty): // the client's field is left out
		case !static:
			p.lines = append(p.lines, paramLine{name: name, value: list[i].Value, ifNotEmpty: list[i].IfNotEmpty})
		case n > 0 && p.lines[n-1].text != nil:
			p.lines[n-1].text = add(p.lines[n-1].text, name, text)
		default:
			p.lines = append(p.lines, paramLine{text: add([]byte{}, name, text)})
		}
	}
	return p
}

var httpPrefix = []byte("HTTP_")

// Append appends the parameters of r to dst. fields says whether the fields of the
// client's request are among them (*_pass_request_headers). Fields that come several
// times are one parameter, as in nginx. nil: there is one that the protocol cannot carry.
func (p *Params) Append(dst []byte, r *httpd.Request, fields bool) []byte {
	for i := range p.lines {
		l := &p.lines[i]
		if l.text != nil {
			dst = append(dst, l.text...)
			continue
		}
		if v := l.value.Eval(r); len(v) > 0 || !l.ifNotEmpty {
			if dst = p.add(dst, l.name, v); dst == nil {
				return nil
			}
		}
	}
	if !fields {
		return dst
	}
	var seen [64]bool // by the length of a name modulo 64: there was one
	list := r.In.List
	for i := range list {
		f := &list[i]
		n := len(f.Name) % len(seen)
		if p.sets(f.Name) || seen[n] && repeated(list[:i], f) {
			continue
		}
		seen[n] = true
		if dst = p.add(dst, variable(r, f.Name), joined(r, list[i:])); dst == nil {
			return nil
		}
	}
	return dst
}

// sets reports whether the configuration sets the parameter of a field.
func (p *Params) sets(field []byte) bool {
	for _, g := range p.given {
		if len(g) == len(field) && sameVariable(g, field) {
			return true
		}
	}
	return false
}

// sameVariable compares names of one length as those of variables: without regard to
// case, and with - as _.
func sameVariable(a, b []byte) bool {
	for i := range a {
		if upper(a[i]) != upper(b[i]) {
			return false
		}
	}
	return true
}

// upper turns a byte of a field's name into one of a variable's name.
func upper(c byte) byte {
	switch {
	case c >= 'a' && c <= 'z':
		return c - 'a' + 'A'
	case c == '-':
		return '_'
	}
	return c
}

// variable is the name of the parameter for a field.
func variable(r *httpd.Request, field []byte) []byte {
	b := append(r.Alloc(len(httpPrefix) + len(field))[:0], httpPrefix...)
	for _, c := range field {
		b = append(b, upper(c))
	}
	return b
}

// repeated reports whether a field with the name of f is in list.
func repeated(list []h1.Field, f *h1.Field) bool {
	for i := range list {
		if sameField(&list[i], f) {
			return true
		}
	}
	return false
}

func sameField(a, b *h1.Field) bool {
	return a.ID == b.ID && len(a.Name) == len(b.Name) && (a.ID != h1.UnknownField || bytes.EqualFold(a.Name, b.Name))
}

// joined is the value of the first field of list and of those that repeat it.
func joined(r *httpd.Request, list []h1.Field) []byte {
	first := &list[0]
	sep := ", "
	if first.ID == h1.Cookie {
		sep = "; "
	}
	n := 0
	for i := range list {
		if sameField(&list[i], first) {
			n += len(sep) + len(list[i].Value)
		}
	}
	if n == len(sep)+len(first.Value) {
		return first.Value
	}
	b := append(r.Alloc(n)[:0], first.Value...)
	for i := range list[1:] {
		if f := &list[1+i]; sameField(f, first) {
			b = append(append(b, sep...), f.Value...)
		}
	}
	return b
}
