package parser

import (
	"strings"
	"testing"
)

// goldenErrors holds the texts that nginx 1.31.5 -t prints. Their directives are
// such that nginx comes as far as the syntax error.
var goldenErrors = []struct{ name, text, want string }{
	{"semicolon without a statement", "events {}\n;", `unexpected ";" in nginx.conf:2`},
	{"two semicolons", "env A;;", `unexpected ";" in nginx.conf:1`},
	{"semicolon behind a block", "events {};", `unexpected ";" in nginx.conf:1`},
	{"brace without a name", "{ }", `unexpected "{" in nginx.conf:1`},
	{"brace behind a brace", "events {{", `unexpected "{" in nginx.conf:1`},
	{"stray closing brace", "events {\n}\n}\n", `unexpected "}" in nginx.conf:3`},
	{"closing brace behind a comment", "# {\n}", `unexpected "}" in nginx.conf:2`},
	{"statement without semicolon before a brace", "events {\n    worker_connections 64\n}\n", `unexpected "}" in nginx.conf:3`},
	{"statement without semicolon at the top level", "user nobody\n}\n", `unexpected "}" in nginx.conf:2`},
	{"quoted word without semicolon before a brace", `events { worker_connections "64"}`, `unexpected "}" in nginx.conf:1`},
	{"block without end", "events {\n", `unexpected end of file, expecting "}" in nginx.conf:2`},
	{"block without end, last line open", "events {", `unexpected end of file, expecting "}" in nginx.conf:1`},
	{"three blocks without end", "events {}\nhttp {\n server {\n  location / {\n  }\n\n", `unexpected end of file, expecting "}" in nginx.conf:7`},
	{"statement without end", "user nobody", `unexpected end of file, expecting ";" or "}" in nginx.conf:1`},
	{"statement without end, blank lines behind it", "user nobody\n\n\n", `unexpected end of file, expecting ";" or "}" in nginx.conf:4`},
	{"statement without end, comment behind it", "user nobody # x\n", `unexpected end of file, expecting ";" or "}" in nginx.conf:2`},
	{"statement without end in a block", "events {\n worker_connections 64", `unexpected end of file, expecting ";" or "}" in nginx.conf:2`},
	{"quote without end", "user \"nobody;\nevents {\n}\n", `unexpected end of file, expecting ";" or "}" in nginx.conf:4`},
	{"single quote without end", "user 'nobody;\n", `unexpected end of file, expecting ";" or "}" in nginx.conf:2`},
	{"quote ended by an escaped one only", "user \"nobody\\\";\n", `unexpected end of file, expecting ";" or "}" in nginx.conf:2`},
	{"quoted word without anything behind it", `user "nobody"`, `unexpected end of file, expecting ";" or "}" in nginx.conf:1`},
	{"backslash at the end", `user \`, `unexpected end of file, expecting ";" or "}" in nginx.conf:1`},
	{"text behind a quoted word", `user "no"body;`, `unexpected "b" in nginx.conf:1`},
	{"quote behind a quoted word", "user 'no''body';", `unexpected "'" in nginx.conf:1`},
	{"comment sign behind a quoted word", "user \"nobody\"# x\n;", `unexpected "#" in nginx.conf:1`},
	{"equals sign behind a quoted word", `env "A"=B;`, `unexpected "=" in nginx.conf:1`},
	{"parenthesis behind a quoted word begins a word", "user \"nobody\")\n}", `unexpected "}" in nginx.conf:2`},
	{"quote within a word is a plain byte", "user no\"body\n}", `unexpected "}" in nginx.conf:2`},
	{"comment sign within a word is a plain byte", "env no#body}\n;}", `unexpected "}" in nginx.conf:2`},
	{"brace within a word is a plain byte", "user no}body}", `unexpected end of file, expecting ";" or "}" in nginx.conf:1`},
	{"brace behind a dollar sign belongs to the word", "env ${{A};\n}", `unexpected "}" in nginx.conf:2`},
	{"brace behind a variable name opens a block", "http{server{location $a{\n;", `unexpected ";" in nginx.conf:2`},
	{"escaped brace belongs to the word", "env \\{;\n}", `unexpected "}" in nginx.conf:2`},
	{"escaped line feed counts as a line", "env a\\\nb;\n}", `unexpected "}" in nginx.conf:3`},
	{"line feed in quotes counts as a line", "env \"a\n\nb\";\n}", `unexpected "}" in nginx.conf:4`},
	{"carriage return is white space and no line", "env a\r;\r}", `unexpected "}" in nginx.conf:1`},
	{"CRLF", "env A;\r\n\r\n}\r\n", `unexpected "}" in nginx.conf:3`},
	{"form feed is a plain byte", "env \x0c;;", `unexpected ";" in nginx.conf:1`},
	{"comment ends at a line feed only", "# a\r}\n}", `unexpected "}" in nginx.conf:2`},
	{"brace in a comment", "events { # }\n", `unexpected end of file, expecting "}" in nginx.conf:2`},
	{"byte above 127 behind a quoted word", "user \"a\"\xa0;", "unexpected \"\xa0\" in nginx.conf:1"},
	{"NUL behind a quoted word", "user \"a\"\x00;", "unexpected \"\x00\" in nginx.conf:1"},
	{"NUL in a word", "env a\x00b;\n}", `unexpected "}" in nginx.conf:2`},
	{"word of 4095 bytes and semicolon", "env " + strings.Repeat("x", 4095) + ";\n}", `unexpected "}" in nginx.conf:2`},
	{"word of 4096 bytes and semicolon", "env " + strings.Repeat("x", 4096) + ";\n}", `too long parameter "xxxxxxxxxx..." started in nginx.conf:1`},
	{"word of 4094 bytes and a blank", "env " + strings.Repeat("x", 4094) + " ;\n}", `unexpected "}" in nginx.conf:2`},
	{"word of 4095 bytes and a blank", "env " + strings.Repeat("x", 4095) + " ;\n}", `too long parameter "xxxxxxxxxx..." started in nginx.conf:1`},
	{"word of 4095 bytes and a line feed", "\nenv " + strings.Repeat("x", 4095) + "\n;\n}", `too long parameter "xxxxxxxxxx..." started in nginx.conf:2`},
	{"word of 4096 bytes at the end of the file", "user " + strings.Repeat("x", 4096), `unexpected end of file, expecting ";" or "}" in nginx.conf:1`},
	{"word of 4097 bytes at the end of the file", "user " + strings.Repeat("x", 4097), `too long parameter "xxxxxxxxxx..." started in nginx.conf:1`},
	{"quoted word of 4094 bytes and semicolon", `env "` + strings.Repeat("x", 4094) + "\";\n}", `unexpected "}" in nginx.conf:2`},
	{"quoted word of 4095 bytes and semicolon", `env "` + strings.Repeat("x", 4095) + "\";\n}", `too long parameter "xxxxxxxxxx..." started in nginx.conf:1`},
	{"quoted word of 4093 bytes and a blank", `env "` + strings.Repeat("x", 4093) + "\" ;\n}", `unexpected "}" in nginx.conf:2`},
	{"quoted word of 4094 bytes and a blank", `env "` + strings.Repeat("x", 4094) + "\" ;\n}", `too long parameter "xxxxxxxxxx..." started in nginx.conf:1`},
	{"quoted word of 4096 bytes", `env "` + strings.Repeat("x", 4096) + "\";\n}", `too long parameter, probably missing terminating """ character in nginx.conf:1`},
	{"quote without end before 5000 bytes", "user \"nobody;\n" + strings.Repeat("# text\n", 800), `too long parameter, probably missing terminating """ character in nginx.conf:1`},
	{"single quote without end before 5000 bytes", "events {}\n\nuser 'nobody;\n" + strings.Repeat("# text\n", 800), `too long parameter, probably missing terminating "'" character in nginx.conf:3`},
	{"long word with the quote in the middle", `user a"` + strings.Repeat("x", 5000) + `";`, `too long parameter "a"xxxxxxxx..." started in nginx.conf:1`},
	{"long word starts with its first ten bytes", "\n\nuser 0123456789" + strings.Repeat("x", 5000) + ";", `too long parameter "0123456789..." started in nginx.conf:3`},
	{"many short words are not long", "user" + strings.Repeat(" a", 5000) + "\n}", `unexpected "}" in nginx.conf:2`},
	{"white space is not long", "user" + strings.Repeat(" ", 9000) + "a\n}", `unexpected "}" in nginx.conf:2`},
	{"comment of 4095 bytes", "#" + strings.Repeat("c", 4094) + "\n}", `unexpected "}" in nginx.conf:2`},
	{"comment of 4096 bytes", "\n#" + strings.Repeat("c", 4095) + "\n}", `too long parameter "#ccccccccc..." started in nginx.conf:2`},
	{"comment of 4096 bytes at the end of the file", "events {\n#" + strings.Repeat("c", 4095), `unexpected end of file, expecting "}" in nginx.conf:2`},
	{"comment of 4097 bytes at the end of the file", "events {\n#" + strings.Repeat("c", 4096), `too long parameter "#ccccccccc..." started in nginx.conf:2`},
	{"escape across the limit", `user "` + strings.Repeat("x", 4095) + `\"";`, `too long parameter, probably missing terminating """ character in nginx.conf:1`},
}

func TestFirstErrorIsThatOfNginx(t *testing.T) {
	for _, tt := range goldenErrors {
		t.Run(tt.name, func(t *testing.T) {
			f := Parse("nginx.conf", []byte(tt.text))
			errs := f.Errors()
			if len(errs) == 0 {
				t.Fatalf("no error, want %s", tt.want)
			}
			if got := errs[0].Error(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if first := firstErr(f.Body); first != errs[0] {
				t.Errorf("the first Err node in reading order is %v", first)
			}
		})
	}
}

// firstErr returns the first error of a tree in reading order.
func firstErr(list []*Directive) *Error {
	for _, d := range list {
		if d.Err != nil {
			return d.Err
		}
		if e := firstErr(d.Block); e != nil {
			return e
		}
	}
	return nil
}

// goldenWords holds words and what nginx 1.31.5 makes of them, as told by its
// message about an unknown directive of that name.
var goldenWords = []struct{ text, want string }{
	{"a b", "a"},
	{`a\ b`, `a\ b`},
	{`"a b"`, "a b"},
	{"'a b'", "a b"},
	{`""`, ""},
	{`"\""`, `"`},
	{`'\''`, "'"},
	{`\"a`, `"a`},
	{`\\`, `\`},
	{`a\\b`, `a\b`},
	{`"\\"`, `\`},
	{`\ta`, "\ta"},
	{`"\t"`, "\t"},
	{`\n`, "\n"},
	{`\r`, "\r"},
	{`\x`, `\x`},
	{`"\x\;"`, `\x\;`},
	{`\;a`, `\;a`},
	{`"'"`, "'"},
	{`'"'`, `"`},
	{`"\'"`, "'"},
	{`a"b"`, `a"b"`},
	{"a'", "a'"},
	{"$", "$"},
	{"${a}", "${a}"},
	{`"${a}"`, "${a}"},
	{"$a$b", "$a$b"},
	{"a=${{b}", "a=${{b}"},
	{"\"a\nb\"", "a\nb"},
	{"a\\\nb", "a\\\nb"},
	{"\xef\xbb\xbfa", "\xef\xbb\xbfa"},
	{"\xe4", "\xe4"},
	{`"a\\\"b"`, `a\"b`},
	{`\$`, `\$`},
	{"(", "("},
	{"a#", "a#"},
	{")a", ")a"},
}

func TestWordsAreThoseOfNginx(t *testing.T) {
	for _, tt := range goldenWords {
		t.Run(tt.text, func(t *testing.T) {
			f := Parse("nginx.conf", []byte(tt.text+";"))
			if len(f.Errors()) > 0 || len(f.Body) == 0 {
				t.Fatalf("errors %v", f.Errors())
			}
			if got := f.Body[0].Name.Value; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestParam(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"statement", "daemon off;", ""},
		{"empty", "", ""},
		{"comment", "# }", ""},
		{"word of any length", strings.Repeat("x", 9000) + " a;", ""},
		{"no semicolon", "daemon off", `unexpected end of parameter, expecting ";" in command line`},
		{"quote without end", `env "A`, `unexpected end of parameter, expecting ";" in command line`},
		{"closing brace", "}", `unexpected "}" in command line`},
		{"closing brace in a statement", "daemon off }", `unexpected "}" in command line`},
		{"semicolon", ";", `unexpected ";" in command line`},
		{"brace", "{", `unexpected "{" in command line`},
		{"text behind a quoted word", `env "a"b;`, `unexpected "b" in command line`},
		{"block", "events { x y; }", "block directives are not supported in -g option in command line"},
		{"open block", "events {", "block directives are not supported in -g option in command line"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			errs := ParseParam(tt.text).Errors()
			switch {
			case tt.want == "" && len(errs) > 0:
				t.Errorf("got %s", errs[0])
			case tt.want != "" && len(errs) != 1:
				t.Errorf("got %v, want one error", errs)
			case tt.want != "" && errs[0].Error() != tt.want:
				t.Errorf("got %s, want %s", errs[0], tt.want)
			}
		})
	}
}
