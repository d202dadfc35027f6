package parser

import (
	"bytes"
	"strings"
	"testing"
)

func addSeeds(f *testing.F) {
	for _, tt := range goldenErrors {
		f.Add([]byte(tt.text))
	}
	for _, tt := range goldenWords {
		f.Add([]byte(tt.text + ";"))
	}
	f.Add([]byte("# c\na b # d\n  c; # e\nhttp { # f\n  if (\"$a\" = 'b') {\n}\n # g\n} # h\n"))
	f.Add([]byte("map $x $y {\n\tdefault 1;\n\n\t~^a 2;\r\n}\n"))
	f.Add([]byte("a # b\n{ # c\n} # d\n# e"))
	f.Add([]byte("a { b_by_lua_block { x = '}' --[[ } ]]\n y{}\n} c_by_lua_block $x{ [=[ ]=] } d; }"))
	for n := 4093; n < 4098; n++ {
		x := strings.Repeat("x", n)
		f.Add([]byte(x + ";" + x + "{ '" + x + "';} #" + x))
	}
}

func FuzzParse(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		one, two := Parse("x", data), Parse("x", bytes.Clone(data))
		if got, want := outline(two.Body), outline(one.Body); got != want {
			t.Errorf("parsed once as %s, then as %s", want, got)
		}
		c := spanChecker{t: t, data: data, lines: 1 + bytes.Count(data, []byte("\n"))}
		c.list(one.Body)
		if first := firstErr(one.Body); len(one.Errors()) > 0 && first != one.Errors()[0] {
			t.Errorf("first error is %v, first Err node %v", one.Errors()[0], first)
		}
		for _, e := range one.Errors() {
			c.pos(e.Pos)
			if e.Line < 1 || e.Line > c.lines {
				t.Errorf("line %d of %d in %v", e.Line, c.lines, e)
			}
		}
		ParseParam(string(data))
	})
}

// spanChecker tests that words stand where they say, and in order.
type spanChecker struct {
	t     *testing.T
	data  []byte
	lines int
	last  int // offset behind the last word
}

func (c *spanChecker) list(list []*Directive) {
	for _, d := range list {
		if d.Err != nil {
			continue
		}
		c.word(d.Name)
		for _, a := range d.Args {
			c.word(a)
		}
		if d.Line < d.Name.Start.Line || d.Line > c.lines || d.IsBlock && d.EndLine < d.Line {
			c.t.Errorf("%s: name in line %d, end in %d, block ends in %d", d.Name.Raw, d.Name.Start.Line, d.Line, d.EndLine)
		}
		c.list(d.Block)
	}
}

func (c *spanChecker) word(a Arg) {
	c.pos(a.Start)
	c.pos(a.End)
	if a.Start.Offset < c.last || a.End.Offset < a.Start.Offset {
		c.t.Fatalf("%q: from %d to %d, behind %d", a.Raw, a.Start.Offset, a.End.Offset, c.last)
	}
	c.last = a.End.Offset
	if got := string(c.data[a.Start.Offset:a.End.Offset]); got != a.Raw {
		c.t.Errorf("%q stands at the place of %q", got, a.Raw)
	}
	if len(a.Value) > len(a.Raw) {
		c.t.Errorf("%q became %q", a.Raw, a.Value)
	}
}

func (c *spanChecker) pos(p Pos) {
	if p.Offset < 0 || p.Offset > len(c.data) {
		c.t.Fatalf("offset %d of %d", p.Offset, len(c.data))
	}
	before := c.data[:p.Offset]
	if line := 1 + bytes.Count(before, []byte("\n")); line != p.Line {
		c.t.Errorf("offset %d is in line %d, not %d", p.Offset, line, p.Line)
	}
	if col := p.Offset - bytes.LastIndexByte(before, '\n'); col != p.Col {
		c.t.Errorf("offset %d is column %d, not %d", p.Offset, col, p.Col)
	}
}

func FuzzFormat(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) { checkFormat(t, data) })
}

func FuzzMatch(f *testing.F) {
	for _, tt := range matchTests {
		f.Add(tt.pattern, tt.name)
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		match(pattern, name)
		if hasWildcard(pattern) != hasWildcard(pattern+"x") && !strings.HasSuffix(pattern, `\`) {
			t.Errorf("%q is a pattern only with or without a letter", pattern)
		}
		if !hasWildcard(name) && !strings.ContainsAny(name, `\[`) && name != "" && !match(name, name) {
			t.Errorf("%q does not match itself", name)
		}
	})
}
