package regex

import (
	"strings"
	"unicode/utf8"
)

// Regex is a compiled pattern. It is immutable and safe for concurrent use.
type Regex struct {
	pattern string
	names   []NamedGroup
	groups  int
	shape   shape
	filter  filter
	prog    *program
}

// NamedGroup is a group with a name: (?<name>...), (?P<name>...) or (?'name'...).
type NamedGroup struct {
	Name  string
	Group int // the number of the group, from 1
}

// Compile compiles a pattern by itself; see [Compiler.Compile].
func Compile(pattern string, caseless bool) (*Regex, error) {
	var c Compiler
	return c.Compile(pattern, caseless)
}

// Compiler compiles the patterns of one configuration. What is equal among them is there once: whole patterns, and the
// sets of bytes in their programs. The zero value is ready for use. It is not safe for concurrent use; a Regex does not
// need it any more.
type Compiler struct {
	known map[source]*Regex
	sets  byteSets
}

// source is what a Regex is compiled from.
type source struct {
	pattern  string
	caseless bool
}

// Compile compiles a pattern; caseless is nginx's ~* . A pattern may switch options itself, with (?i) and so on, and
// may begin with (*UTF8), which makes it match characters rather than bytes. The error is a *SyntaxError.
func (c *Compiler) Compile(pattern string, caseless bool) (*Regex, error) {
	if re := c.known[source{pattern, caseless}]; re != nil {
		return re, nil
	}
	re, err := c.compile(strings.Clone(pattern), caseless) // the pattern may be a part of a file's text
	if err != nil {
		return nil, err
	}
	if re.shape.kind != shapeNone && re.groups == 0 {
		re.filter, re.prog = filter{}, nil // the shape says everything
	}
	if c.known == nil {
		c.known = map[source]*Regex{}
	}
	c.known[source{re.pattern, caseless}] = re
	return re, nil
}

// compile makes a Regex with everything by which it can be matched.
func (c *Compiler) compile(pattern string, caseless bool) (*Regex, error) {
	p, root, err := parse(pattern, caseless)
	if err != nil {
		return nil, err
	}
	prog, err := compile(p, root, &c.sets)
	if err != nil {
		return nil, err
	}
	re := &Regex{pattern: pattern, names: p.names, groups: p.groups, prog: prog}
	re.filter = newFilter(p, root, &c.sets)
	re.filter.require(root, prog)
	if !p.utf && !p.backrefs && !p.calls {
		re.shape = newShape(root)
	}
	return re, nil
}

// String returns the pattern as it was given to Compile.
func (re *Regex) String() string { return re.pattern }

// NumCaptures returns the number of capturing groups, not counting the whole match.
func (re *Regex) NumCaptures() int { return re.groups }

// Names returns the named groups in the order of PCRE's name table: by name. The slice belongs to re.
func (re *Regex) Names() []NamedGroup { return re.names }

// Match reports whether s matches. A match that could not be decided (see Exec) counts as none.
func (re *Regex) Match(s []byte) bool {
	if re.shape.kind != shapeNone {
		_, _, ok := re.shape.match(s)
		return ok
	}
	if !re.filter.admits(s) {
		return false
	}
	_, ok, _ := re.run(s, nil, false)
	return ok
}

// MatchCaptures matches s and stores where the whole match and every group begin and end: group n in caps[2n] and
// caps[2n+1], -1 if it took no part. After a match the result has NumCaptures()+1 pairs, in the memory of caps if there is
// room; without one caps comes back as it was. A match that could not be decided (see Exec) counts as none.
func (re *Regex) MatchCaptures(s []byte, caps []int) ([]int, bool) {
	caps, ok, _ := re.Exec(s, caps)
	return caps, ok
}

// Exec is MatchCaptures that also says why a match could not be decided: err is nil or a MatchError such as
// ErrMatchLimit, which nginx logs as `pcre2_match() failed: -47 on "<subject>" using "<pattern>"` before it answers 500.
func (re *Regex) Exec(s []byte, caps []int) ([]int, bool, error) {
	if re.shape.kind != shapeNone && re.groups == 0 {
		from, to, ok := re.shape.match(s)
		if ok {
			caps = append(caps[:0], from, to)
		}
		return caps, ok, nil
	}
	if !re.filter.admits(s) {
		return caps, false, nil
	}
	return re.run(s, caps, true)
}

// run searches s with the machine.
func (re *Regex) run(s []byte, caps []int, want bool) ([]int, bool, error) {
	if re.filter.utf && !utf8.Valid(s) {
		return caps, false, ErrBadUTF8
	}
	if len(s) > maxSubject {
		return caps, false, ErrMatchLimit
	}
	m := machines.Get().(*machine)
	m.start(re.prog, s)
	ok := re.filter.search(m)
	if ok && want {
		caps = caps[:0]
		for _, v := range m.slots {
			caps = append(caps, int(v))
		}
		// A group that was opened in vain by a branch that was left keeps its start only.
		for i := 0; i < len(caps); i += 2 {
			if caps[i+1] < 0 {
				caps[i] = -1
			}
		}
	}
	var err error
	if m.err != 0 {
		err = m.err
	}
	m.release()
	return caps, ok, err
}

// maxSubject keeps offsets within 32 bits.
const maxSubject = 1 << 30
