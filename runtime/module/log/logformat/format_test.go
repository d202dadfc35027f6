package logformat

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/script"
)

// session has variables by number.
type session struct{ values []string }

const missing = "\xff missing"

func (s *session) Lookup(i int) ([]byte, bool) {
	if s.values[i] == missing {
		return nil, false
	}
	return []byte(s.values[i]), true
}

func specials() map[string]Special[*session] {
	return map[string]Special[*session]{
		"status": func(dst []byte, _ *session) []byte { return append(dst, "200"...) },
	}
}

func TestAppend(t *testing.T) {
	for _, tc := range []struct {
		name   string
		args   []string
		values []string // of $a, $b
		want   string
	}{
		{"literal", []string{"plain"}, nil, "plain"},
		{"parts are joined", []string{"one ", "two"}, nil, "one two"},
		{"special", []string{"<$status>"}, nil, "<200>"},
		{"braces", []string{"${a}b$status"}, []string{"x"}, "xb200"},
		{"dash for a missing value", []string{"$a|$b"}, []string{missing, ""}, "-|"},
		{"json has nothing for it", []string{"escape=json", "$a|$b"}, []string{missing, "q\"\n"}, `|q\"\n`},
		{"none has nothing for it", []string{"escape=none", "$a|$b"}, []string{missing, "q\"\n"}, "|q\"\n"},
		{"default escapes", []string{"escape=default", "$a"}, []string{"a\"b\\c\x00\x1f\x7f\x80\xff~ "}, `a\x22b\x5Cc\x00\x1F\x7F\x80\xFF~ `},
		{"literals are not escaped", []string{`"\$a"`}, []string{"x"}, `"\x"`},
		{"empty", []string{""}, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			vars := script.NewVars[*session]()
			vars.Index("a")
			vars.Index("b")
			f, err := Compile(vars, specials(), tc.args)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(f.Append([]byte(">"), &session{tc.values})); got != ">"+tc.want {
				t.Errorf("%q, want %q", got, ">"+tc.want)
			}
		})
	}
}

func TestCompileErrors(t *testing.T) {
	for _, tc := range []struct {
		name, arg, want string
	}{
		{"escaping", "escape=xml", `unknown log format escaping "xml"`},
		{"lone dollar", "a $", `invalid parameter "$"`},
		{"dollar before punctuation", "a $-b", `invalid parameter "$-b"`},
		{"lone brace", "${", `invalid parameter "${"`},
		{"empty braces", "${}", `invalid parameter "${}"`},
		{"open brace", "${abc", `the closing bracket in "abc" variable is missing`},
		{"odd name in braces", "${a-b}", `the closing bracket in "a" variable is missing`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Compile(script.NewVars[*session](), specials(), []string{tc.arg})
			if err == nil || err.Error() != tc.want {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	vars := script.NewVars[*session]()
	f, err := Compile(vars, specials(), []string{`$a "$status" $b`})
	if err != nil {
		t.Fatal(err)
	}
	s := &session{[]string{missing, missing}}
	dst := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { dst = f.Append(dst[:0], s) }); n > 0 {
		t.Errorf("%v allocations per line", n)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`$remote_addr - ${a}b "$request"`)
	f.Add("${")
	f.Add("$")
	f.Fuzz(func(t *testing.T, text string) {
		vars := script.NewVars[*session]()
		c, err := Compile(vars, specials(), []string{"escape=none", text})
		if err != nil {
			return
		}
		s := &session{make([]string, len(vars.Indexed()))}
		for i, v := range vars.Indexed() {
			s.values[i] = v.Name
		}
		_ = c.Append(nil, s)
	})
}

func BenchmarkAppend(b *testing.B) {
	vars := script.NewVars[*session]()
	f, err := Compile(vars, specials(), []string{`$a - $b [$status] "$a" $b`})
	if err != nil {
		b.Fatal(err)
	}
	s := &session{[]string{missing, missing}}
	dst := make([]byte, 0, 64)
	for b.Loop() {
		dst = f.Append(dst[:0], s)
	}
}
