package regex

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// lines decodes a file with one JSON value per line.
func lines[T any](t *testing.T, name string) (all []T) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(bytes.NewReader(data))
	for in.Scan() {
		var v T
		if err := json.Unmarshal(in.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", in.Text(), err)
		}
		all = append(all, v)
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// latin1 turns the characters of a test file into bytes.
func latin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// TestMatchesOfPCRE2 compares with what PCRE2 10.42 has answered: testdata/matches.jsonl holds patterns, caseless or not,
// with their named groups, subjects and the offsets (or the return code) of pcre2_match.
func TestMatchesOfPCRE2(t *testing.T) {
	type entry struct {
		P     string
		I     bool
		Names [][]any
		M     [][]json.RawMessage
	}
	for _, e := range lines[entry](t, "testdata/matches.jsonl") {
		re, err := Compile(latin1(e.P), e.I)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		for i, n := range re.Names() {
			if fmt.Sprint(e.Names[i]...) != fmt.Sprint(n.Name, n.Group) {
				t.Errorf("%q: names %v, want %v", e.P, re.Names(), e.Names)
			}
		}
		for _, m := range e.M {
			var subject string
			var want []int
			if err := json.Unmarshal(m[0], &subject); err != nil {
				t.Fatal(err)
			}
			matched := json.Unmarshal(m[1], &want) == nil
			s := []byte(latin1(subject))
			caps, ok, err := re.Exec(s, nil)
			if err != nil || ok != matched || ok && !slices.Equal(caps, want) {
				t.Errorf("%q on %q: got %v %v %v, want %s", e.P, s, ok, caps, err, m[1])
			}
			if re.Match(s) != matched {
				t.Errorf("%q on %q: Match says %v", e.P, s, !matched)
			}
		}
	}
}

// TestErrorsOfPCRE2 compares with the errors of PCRE2 10.42; an entry without a reason compiles.
func TestErrorsOfPCRE2(t *testing.T) {
	type entry struct {
		P, Reason string
		At        int
	}
	for _, e := range lines[entry](t, "testdata/errors.jsonl") {
		_, err := Compile(latin1(e.P), false)
		var syntax *SyntaxError
		switch {
		case e.Reason == "" && err == nil:
		case !errors.As(err, &syntax) || syntax.Reason != e.Reason || syntax.Offset != e.At:
			t.Errorf("%q: got %v, want %q at %d", e.P, err, e.Reason, e.At)
		}
	}
}

func TestErrorWording(t *testing.T) {
	tests := []struct{ pattern, want string }{
		{"a)b", `pcre2_compile() failed: unmatched closing parenthesis in "a)b" at ")b"`},
		{"(a", `pcre2_compile() failed: missing closing parenthesis in "(a"`},
		{"(*CRLF)a", `pcre2_compile() failed: newline conventions other than (*LF) are not supported here in "(*CRLF)a" at "(*CRLF)a"`},
		{"a(*ACCEPT)b", `pcre2_compile() failed: this (*VERB) is not supported here in "a(*ACCEPT)b" at "(*ACCEPT)b"`},
		{"(*UTF8)\xff", "pcre2_compile() failed: UTF-8 error: illegal byte sequence in \"(*UTF8)\xff\" at \"\xff\""},
		{strings.Repeat("(", 300), "parentheses are too deeply nested"},
	}
	for _, tt := range tests {
		if _, err := Compile(tt.pattern, false); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %s", tt.pattern, err, tt.want)
		}
	}
}

func TestShapes(t *testing.T) {
	tests := []struct {
		pattern  string
		caseless bool
		kind     shapeKind
		yes, no  []string
	}{
		{`^`, false, shapeAll, []string{"", "/x"}, nil},
		{``, false, shapeAll, []string{"", "/x"}, nil},
		{`^/api/`, false, shapePrefix, []string{"/api/", "/api/x"}, []string{"", "/ap", "/API/", "x/api/"}},
		{`^/a(b|c)`, true, shapePrefix, []string{"/ab", "/ACx"}, []string{"/a", "/ad"}},
		{`^/exact$`, false, shapeExact, []string{"/exact", "/exact\n"}, []string{"/exact\n\n", "/exac", "/exactly", "x/exact"}},
		{`^$`, false, shapeExact, []string{"", "\n"}, []string{"x", "\n\n"}},
		{`\.php$`, false, shapeSuffix, []string{".php", "/a.php", "a.php\n"}, []string{"php", ".php5", ".PHP", ""}},
		{`\.php\z`, false, shapeSuffix, []string{"/a.php"}, []string{"/a.php\n"}},
		{`\.(jpe?g|[pP]ng)$`, false, shapeSuffix, []string{"a.jpg", "a.jpeg", "a.Png"}, []string{"a.jpeeg", "a.PNG"}},
		{`\.(jpe?g|png)$`, true, shapeSuffix, []string{"a.JPG", "a.jPeg", "a.PNG"}, []string{"a.gif", "jpg"}},
		{`/long-name-of-a-file\.html$`, true, shapeSuffix, []string{"/x/Long-Name-of-a-FILE.html"}, []string{"/short-name-of-a-file.html"}},
		{`^/long-name-of-a-file\.html`, false, shapePrefix, []string{"/long-name-of-a-file.html5"}, []string{"/long-name-of-a-dir.html"}},
		{`literal\.text`, false, shapeFind, []string{"a literal.text b"}, []string{"literalxtext", "Literal.text"}},
		{`literal`, true, shapeNone, []string{"a LITERAL"}, []string{"litera"}},
		{`(?m)^a`, false, shapeNone, []string{"a", "\na"}, []string{"ba"}},
		{`a$|b`, false, shapeNone, []string{"a", "bx"}, []string{"ax"}},
		{`(?i:a)b$`, false, shapeNone, []string{"Ab"}, []string{"AB"}},
		{"a\n$", false, shapeNone, []string{"a\n", "a\n\n"}, []string{"a"}},
		{`x*$`, false, shapeNone, []string{"", "y", "xx"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			re := mustCompile(t, tt.pattern, tt.caseless)
			if re.shape.kind != tt.kind {
				t.Errorf("shape %d, want %d", re.shape.kind, tt.kind)
			}
			for _, s := range tt.yes {
				if !re.Match([]byte(s)) {
					t.Errorf("%q does not match", s)
				}
			}
			for _, s := range tt.no {
				if re.Match([]byte(s)) {
					t.Errorf("%q matches", s)
				}
			}
		})
	}
}

// TestShapeAgreesWithMachine: the string tests give the offsets that the machine gives.
func TestShapeAgreesWithMachine(t *testing.T) {
	subjects := []string{"", "\n", "/a", "/ab", "/abc", "x/abc", "/abc\n", "/ABC", "abcabc", "c", "bc\n\n", "/a/b/c/d/e/f/g/abc"}
	for _, pattern := range []string{"^", "^/a", "^/ab?", "^(?:/a|/ab)", "abc$", "(?:c|bc)$", "^/abc$", `bc\z`, "b", "^$", "^/a{1,2}bc$"} {
		for _, caseless := range []bool{false, true} {
			re, err := new(Compiler).compile(pattern, caseless) // with the program, which Compile drops
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range subjects {
				got, ok, _ := re.Exec([]byte(s), nil)
				want, wantOK, _ := re.run([]byte(s), nil, true)
				if ok != wantOK || ok && !slices.Equal(got, want) {
					t.Errorf("%q on %q: got %v %v, want %v %v", pattern, s, ok, got, wantOK, want)
				}
			}
		}
	}
}

// TestCompilerShares: equal patterns are one Regex, and equal sets of bytes in different ones are one set.
func TestCompilerShares(t *testing.T) {
	var c Compiler
	compiled := func(pattern string, caseless bool) *Regex {
		re, err := c.Compile(pattern, caseless)
		if err != nil {
			t.Fatal(err)
		}
		return re
	}
	a, b := compiled("^/a/[b-y]+/x", false), compiled("^/b/[b-y]+/x", false)
	if compiled("^/a/[b-y]+/x", false) != a || compiled("^/a/[b-y]+/x", true) == a {
		t.Error("equal patterns are not the same, or different ones are")
	}
	sets := map[*byteSet]bool{}
	for _, re := range []*Regex{a, b} {
		for _, in := range re.prog.insts {
			if in.op >= opSpan && in.op <= opLazy {
				sets[in.set] = true
			}
		}
	}
	if len(sets) != 1 {
		t.Errorf("%d copies of [b-y]", len(sets))
	}
}

func TestExecErrors(t *testing.T) {
	many := bytes.Repeat([]byte("x"), 60)
	tests := []struct {
		name, pattern string
		s             []byte
		want          error
	}{
		{"backtracking through a backreference", `(x+x+)+\1[yz]`, many, ErrMatchLimit},
		{"the same, but a byte is missing", `(x+x+)+\1y`, many, nil},
		{"a group that calls itself at once", `(?R)?a`, []byte("ba"), ErrRecursionLoop},
		{"not UTF-8", `(*UTF8).`, []byte("a\xff"), ErrBadUTF8},
		{"nested quantifiers", `^(x+x+)+y`, many, nil},
		{"many times everything", `^.*.*.*.*.*.*[yz]$`, many, nil},
		{"a loop over nothing, but a byte is missing", `^(x*x*x*)*y`, many, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			re := mustCompile(t, tt.pattern, false)
			if _, ok, err := re.Exec(tt.s, nil); ok || !errors.Is(err, tt.want) {
				t.Errorf("got %v %v, want %v", ok, err, tt.want)
			}
			if re.Match(tt.s) {
				t.Error("Match reports a match")
			}
		})
	}
	if got := ErrMatchLimit.Error(); got != "pcre2_match() failed: -47" {
		t.Errorf("the error reads %q", got)
	}
}

func TestCapsAreReused(t *testing.T) {
	for _, pattern := range []string{`^/(a)(b)?`, `^/a`} {
		re := mustCompile(t, pattern, false)
		caps := make([]int, 1, 16)
		caps[0] = 99
		if got, ok := re.MatchCaptures([]byte("/x"), caps); ok || len(got) != 1 || got[0] != 99 {
			t.Errorf("%q: a failed match has changed caps to %v", pattern, got)
		}
		got, ok := re.MatchCaptures([]byte("/a"), caps)
		if !ok || len(got) != 2*(re.NumCaptures()+1) || &got[0] != &caps[0] {
			t.Errorf("%q: got %v %v", pattern, got, ok)
		}
	}
}

// TestCompileIsBounded: what a few bytes can ask for must not take long to refuse or to compile.
func TestCompileIsBounded(t *testing.T) {
	nested := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	tests := []struct {
		pattern string
		fails   bool
	}{
		{nested("(", "a?", ")+", 200), false},
		{nested("(", "a?", ")*?", 200), false},
		{nested("(?:", "", "){65535}", 200), false},
		{nested("(?:", "a", "){1000}", 20), true},
		{nested("(?:", "(?:ab)?", "){0,1000}", 20), true},
		{nested("(?:", "a|b", "|c)", 200), false},
		{nested("(?=", "a", ")", 200), false},
		{strings.Repeat("(?:a?|b?)", 200) + "$", false},
		{"^" + strings.Repeat("[ab]{0,4}", 200), false},
	}
	for _, tt := range tests {
		if _, err := Compile(tt.pattern, true); (err != nil) != tt.fails {
			t.Errorf("%.20q: %.200v", tt.pattern, err)
		}
	}
}

func TestAccessors(t *testing.T) {
	re := mustCompile(t, `(?<zone>a)(b)(?P<area>c)(?'mid'd)`, false)
	if re.NumCaptures() != 4 || re.String() != `(?<zone>a)(b)(?P<area>c)(?'mid'd)` {
		t.Errorf("%d captures in %s", re.NumCaptures(), re)
	}
	if want := []NamedGroup{{"area", 3}, {"mid", 4}, {"zone", 1}}; !slices.Equal(re.Names(), want) {
		t.Errorf("names %v, want %v", re.Names(), want)
	}
}

func TestConcurrentUse(t *testing.T) {
	re := mustCompile(t, `^/(\w+)/(?:a|b|ab)*(\d+)$`, false)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			s := fmt.Appendf(nil, "/user%d/abba%d", g, g*1000)
			for range 1000 {
				caps, ok := re.MatchCaptures(s, nil)
				if !ok || string(s[caps[4]:caps[5]]) != fmt.Sprint(g*1000) {
					t.Errorf("%s: %v", s, caps)
					return
				}
			}
		})
	}
	wg.Wait()
}
