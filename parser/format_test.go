package parser

import (
	"bytes"
	"strings"
	"testing"
)

func TestFormat(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"blanks", "  a   b\t;c;", "a b;\nc;\n"},
		{"blocks", "http{server{listen 80;}}events{\n}", "http {\n    server {\n        listen 80;\n    }\n}\nevents {}\n"},
		{"quotes", `a "b" 'c' \d "";`, "a \"b\" 'c' \\d \"\";\n"},
		{"if", "if ( \"$a\" = \"b\") {a;}", "if ( \"$a\" = \"b\") {\n    a;\n}\n"},
		{"CRLF", "a;\r\n\r\nb;\r\n", "a;\n\nb;\n"},
		{"blank lines", "\n\na;\n\n\n\nb;\nc {\n\n d;\n\n}\n\n\n", "a;\n\nb;\nc {\n    d;\n}\n"},
		{"line breaks", "log_format x 'a'\n 'b'\n   'c' d;", "log_format x 'a'\n    'b'\n    'c' d;\n"},
		{"brace on its own line", "a\n{\nb;}", "a {\n    b;\n}\n"},
		{"line feed in quotes", "a {b \"x\n  y\" z;}", "a {\n    b \"x\n  y\" z;\n}\n"},
		{
			"comments", "  # one  \n\n# two\na; #three\nb { # four\n#five\nc;\n\n# six\n} # seven\n\n# eight",
			"# one\n\n# two\na; #three\nb { # four\n    #five\n    c;\n\n    # six\n} # seven\n\n# eight\n",
		},
		{
			"comments in a statement", "a # one\n  b # two\n  # three\n c # four\n;d # five\n{\n}",
			"a # one\n    b # two\n    # three\n    c # four\n    ;\nd # five\n    {}\n",
		},
		{"block with a comment only", "a { # one\n}b{\n#two\n}", "a { # one\n}\nb {\n    #two\n}\n"},
		{
			"program of another language", "location / {content_by_lua_block{\n  if x then -- it's }\n\n\n ngx.say(\"}\", '{', [[ } ]], [=[ }]] ]=], {1}) end } # c\nroot /x;}",
			"location / {\n    content_by_lua_block {\n  if x then -- it's }\n\n\n ngx.say(\"}\", '{', [[ } ]], [=[ }]] ]=], {1}) end } # c\n    root /x;\n}\n",
		},
		{
			"programs", "set_by_lua_block $x{return 1}\na_by_lua_block\n{ --[[ } ]] }b;",
			"set_by_lua_block $x {return 1}\na_by_lua_block { --[[ } ]] }\nb;\n",
		},
		{"not a program", "log_by_lua_block a;x_by_lua_block_y{a;}", "log_by_lua_block a;\nx_by_lua_block_y {\n    a;\n}\n"},
		{"an unclosed program", "a_by_lua_block {b;'}';}", "a_by_lua_block {b;'}';}\n"},
		{"comment behind a one-line block", "a{b;c{}} # d\n", "a {\n    b;\n    c {}\n} # d\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Format(Parse("x", []byte(tt.in)))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			checkFormat(t, []byte(tt.in))
		})
	}
}

// TestFormatLongWords holds that no byte is added where nginx's buffer is full.
func TestFormatLongWords(t *testing.T) {
	formatted := 0
	for n := 4085; n < 4100; n++ {
		x := strings.Repeat("x", n)
		for _, in := range []string{
			x + ";", x + " ;", x + "{}", x + "\n{}", "a " + x + "{b;}", "a " + x + " {b;}", "a " + x + " b;",
			`"` + x + `";`, `"` + x + `" ;`, `"` + x + `"{}`, `"` + x + "\"\n{}", `if "` + x + `"){}`, `if '` + x + `' ) {}`,
			"#" + x, "#" + x + "\n", "a; #" + x, "a { #" + x + "\n}", "a {#" + x + "\n#\n}", "a #" + x + "\n;", "a {} #" + x,
		} {
			if checkFormat(t, []byte(in)) {
				formatted++
			}
		}
	}
	if formatted < 200 {
		t.Errorf("only %d texts were free of errors", formatted)
	}
}

func TestFormatError(t *testing.T) {
	_, err := Format(Parse("/etc/nginx/nginx.conf", []byte("a;\n}\n;\n")))
	if err == nil || err.Error() != `unexpected "}" in /etc/nginx/nginx.conf:2` {
		t.Errorf("got %v", err)
	}
}

// checkFormat formats a text and tests what Format promises. It reports whether
// the text had no errors.
func checkFormat(t *testing.T, in []byte) bool {
	t.Helper()
	f := Parse("x", in)
	out, err := Format(f)
	if err != nil {
		if len(f.Errors()) == 0 && f.depth <= maxNesting {
			t.Errorf("%s: %v", short(in), err)
		}
		return false
	}
	g := Parse("x", out)
	if len(f.Errors()) > 0 && len(g.Errors()) > 0 { // a program of another language
		if again, err := Format(g); err != nil || !bytes.Equal(again, out) {
			t.Errorf("formatted once\n%s\ntwice\n%s\n%v", short(out), short(again), err)
		}
		return true
	}
	if len(g.Errors()) > 0 {
		t.Errorf("%s: %v in\n%s", short(in), g.Errors()[0], short(out))
		return true
	}
	if got, want := outline(g.Body), outline(f.Body); got != want {
		t.Errorf("%s became %s", short([]byte(want)), short([]byte(got)))
	}
	if got, want := commentText(g), commentText(f); got != want {
		t.Errorf("comments %q became %q", want, got)
	}
	again, err := Format(g)
	if err != nil {
		t.Errorf("%s: %v", short(out), err)
	}
	if !bytes.Equal(again, out) {
		t.Errorf("formatted once\n%s\ntwice\n%s", short(out), short(again))
	}
	return true
}

func short(b []byte) string {
	if len(b) > 2000 {
		return string(b[:20]) + "..." + string(b[len(b)-20:])
	}
	return string(b)
}

// commentText joins the comments of a file in their order.
func commentText(f *File) string {
	var b strings.Builder
	add := func(list ...Comment) {
		for _, c := range list {
			if c.Text != "" {
				b.WriteString(c.Text + "\n")
			}
		}
	}
	var walk func([]*Directive)
	walk = func(list []*Directive) {
		for _, d := range list {
			c := d.Comments
			if c == nil {
				c = new(Comments)
			}
			add(c.Before...)
			add(c.Inside...)
			add(c.After)
			walk(d.Block)
			add(c.Last...)
			add(c.End)
		}
	}
	walk(f.Body)
	add(f.Comments...)
	return b.String()
}
