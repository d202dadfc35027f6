package parser

import (
	"fmt"
	"strings"
	"testing"
)

// outline writes a tree in a short form: words in brackets, blocks in braces.
func outline(list []*Directive) string {
	var b strings.Builder
	for i, d := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		if d.Err != nil {
			fmt.Fprintf(&b, "!%d", d.Err.Line)
			continue
		}
		b.WriteString("[" + d.Name.Raw)
		for _, a := range d.Args {
			b.WriteString(" " + a.Raw)
		}
		b.WriteString("]")
		if d.IsBlock {
			b.WriteString("{" + outline(d.Block) + "}")
		}
	}
	return b.String()
}

func TestTree(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"statements", "a;b c;\n d e  f ;", "[a] [b c] [d e f]"},
		{"blocks", "a{b{c;}d;}e{}", "[a]{[b]{[c]} [d]} [e]{}"},
		{"raw text keeps the quotes", `"a" 'b;' \c;`, `["a" 'b;' \c]`},
		{"parenthesis", `if ("$a" = "b") { }`, `[if ("$a" = "b" )]{}`},
		{"comments", "a # b;\n c; # d;\n#e", "[a c]"},

		// What stands behind an error is still found where it belongs.
		{"stray semicolons", "a;;\n;b;", "[a] !1 !2 [b]"},
		{"stray brace", "a;\n}\nb;", "[a] !2 [b]"},
		{"nameless block", "a; {\n b; }; c;", "[a] !1 !2 [c]"},
		{"errors in a nameless block", "{\n { ; } }\na;", "!1 !2 !2 [a]"},
		{"no semicolon before a brace", "a {\n b\n}\nc;", "[a]{!3} [c]"},
		{"no semicolon before a stray brace", "a\n}\nb;", "!2 [b]"},
		{"text behind quotes", `a "b"c d; e;`, "!1 [e]"},
		{"text behind quotes before a block", `a "b"c { d; }`, `!1 [a "b" c]{[d]}`},
		{"long word", "a " + strings.Repeat("x", 5000) + "; b;", "!1 [b]"},
		{"long comment", "a {\n#" + strings.Repeat("x", 5000) + "\nb; }", "[a]{!2 [b]}"},
		{"long quoted word", "a {\n b '" + strings.Repeat("x;\n", 5000) + "'; c;", "[a]{!2}"},
		{"open blocks", "a { b { c;\n", "[a]{[b]{[c] !2}}"},
		{"open statement in open blocks", "a { b { c\n", "[a]{[b]{!2}}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := Parse("x", []byte(tt.text))
			if got := outline(f.Body); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if want := strings.Count(tt.want, "!"); len(f.Errors()) != want {
				t.Errorf("%d errors listed, want %d: %v", len(f.Errors()), want, f.Errors())
			}
		})
	}
}

func TestSpans(t *testing.T) {
	text := "user  nobody;\r\n\nhttp\n{\n\tenv \"a\nb\" 'c'\n\t;\n}\n"
	f := Parse("x", []byte(text))
	if len(f.Body) != 2 || len(f.Errors()) > 0 {
		t.Fatalf("got %s, %v", outline(f.Body), f.Errors())
	}
	user, http := f.Body[0], f.Body[1]
	if want := (Arg{"nobody", "nobody", 0, Pos{1, 7, 6}, Pos{1, 13, 12}}); user.Args[0] != want {
		t.Errorf("nobody: got %+v", user.Args[0])
	}
	if user.Line != 1 || http.Line != 4 || http.EndLine != 8 || !http.IsBlock || user.IsBlock {
		t.Errorf("lines: user %d, http %d to %d", user.Line, http.Line, http.EndLine)
	}
	env := http.Block[0]
	if want := (Arg{"\"a\nb\"", "a\nb", '"', Pos{5, 6, 28}, Pos{6, 3, 33}}); env.Args[0] != want {
		t.Errorf("a b: got %+v", env.Args[0])
	}
	if want := (Arg{"'c'", "c", '\'', Pos{6, 4, 34}, Pos{6, 7, 37}}); env.Args[1] != want {
		t.Errorf("c: got %+v", env.Args[1])
	}
	if env.Line != 7 || env.File != f || env.GetParent() != http || http.GetParent() != nil {
		t.Errorf("env: line %d, parent %v", env.Line, env.GetParent())
	}
}

func TestErrorPlaces(t *testing.T) {
	for _, tt := range []struct {
		name, text  string
		pos, opened Pos
	}{
		{"semicolon", "a;\n  ;", Pos{2, 3, 5}, Pos{}},
		{"brace", "a;\n}", Pos{2, 1, 3}, Pos{}},
		{"behind quotes", "a\n 'b'c;", Pos{2, 5, 6}, Pos{}},
		{"open block", "a;\nb {\nc;\n", Pos{4, 1, 10}, Pos{2, 3, 5}},
		{"open quote", "a;\nb 'c;\n", Pos{3, 1, 9}, Pos{2, 3, 5}},
		{"open statement", "a;\nb c\n", Pos{3, 1, 7}, Pos{}},
		{"long word", "a;\nb " + strings.Repeat("x", 5000), Pos{2, 3, 5}, Pos{}},
		{"long open quote", "a;\nb '" + strings.Repeat("x\n", 5000), Pos{2, 4, 6}, Pos{2, 3, 5}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			errs := Parse("x", []byte(tt.text)).Errors()
			if len(errs) == 0 {
				t.Fatal("no error")
			}
			if e := errs[0]; e.Pos != tt.pos || e.Opened != tt.opened {
				t.Errorf("got %+v, opened %+v", e.Pos, e.Opened)
			}
		})
	}
}

func TestComments(t *testing.T) {
	f := Parse("x", []byte(`# one
# two
a b # inside
  c; # after a
d { # after d
    # e's
    e;
    # last
} # end
# bottom
`))
	a, d := f.Body[0], f.Body[1]
	for _, tt := range []struct {
		name, want string
		got        []Comment
	}{
		{"before a", "# one|# two", a.Comments.Before},
		{"inside a", "# inside", a.Comments.Inside},
		{"after a", "# after a", []Comment{a.Comments.After}},
		{"after d", "# after d", []Comment{d.Comments.After}},
		{"before e", "# e's", d.Block[0].Comments.Before},
		{"last in d", "# last", d.Comments.Last},
		{"end of d", "# end", []Comment{d.Comments.End}},
		{"bottom", "# bottom", f.Comments},
	} {
		var texts []string
		for _, c := range tt.got {
			texts = append(texts, c.Text)
			if at := string(f.Data[c.Pos.Offset:][:len(c.Text)]); at != c.Text {
				t.Errorf("%s: %q stands at the place of %q", tt.name, at, c.Text)
			}
		}
		if got := strings.Join(texts, "|"); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// bigConfig has 2000 servers of five locations, 1.1 MB.
func bigConfig() []byte {
	var b strings.Builder
	b.WriteString("events {\n}\nhttp {\n")
	for i := range 2000 {
		fmt.Fprintf(&b, "    server {\n        listen 80;\n        server_name www%d.example.com example%d.com;\n", i, i)
		for j := range 5 {
			fmt.Fprintf(&b, "        location /app%d {\n            proxy_pass http://10.0.%d.%d:8080;\n"+
				"            proxy_set_header Host \"$host\";\n        }\n", j, i/250, i%250)
		}
		b.WriteString("    }\n")
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

func TestBigConfig(t *testing.T) {
	f := Parse("x", bigConfig())
	if len(f.Errors()) > 0 {
		t.Fatal(f.Errors()[0])
	}
	http := f.Body[1]
	if len(http.Block) != 2000 || len(http.Block[1999].Block) != 7 {
		t.Errorf("%d servers", len(http.Block))
	}
}

func TestDeepNesting(t *testing.T) {
	f := Parse("x", []byte(strings.Repeat("a{", 100_000)+strings.Repeat("}", 100_000)))
	if len(f.Errors()) > 0 {
		t.Fatal(f.Errors()[0])
	}
	if _, err := Format(f); err == nil {
		t.Error("formatted")
	}
}

func BenchmarkParse(b *testing.B) {
	data := bigConfig()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if f := Parse("x", data); len(f.Errors()) > 0 {
			b.Fatal(f.Errors()[0])
		}
	}
}

func BenchmarkFormat(b *testing.B) {
	f := Parse("x", bigConfig())
	b.SetBytes(int64(len(f.Data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Format(f); err != nil {
			b.Fatal(err)
		}
	}
}

// TestParseWith: the hook is called at each statement, those inside blocks included.
func TestParseWith(t *testing.T) {
	n := 0
	f := ParseWith("f", []byte("a; b { c; d { e; } } # f\ng {}"), func() { n++ })
	if got, want := outline(f.Body), "[a] [b]{[c] [d]{[e]}} [g]{}"; got != want || n != 6 {
		t.Errorf("%s, the hook was called %d times", got, n)
	}
}
