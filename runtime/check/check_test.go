package check

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sluiceproxy/sluice/runtime"
)

var update = flag.Bool("update", false, "write what the cases want anew")

// unpack writes the files of a case and returns the options to read them with.
func unpack(t testing.TB, a *txtar.Archive) runtime.Options {
	t.Helper()
	dir := t.TempDir() + "/"
	for _, f := range a.Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return runtime.Options{ConfPath: dir + "nginx.conf", Prefix: dir}
}

// TestCases compares the text of the report with what each case wants.
func TestCases(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			o := unpack(t, a)
			var b bytes.Buffer
			if err := Run(o).Text(&b); err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(b.String(), o.Prefix, "")
			last := &a.Files[len(a.Files)-1]
			if *update {
				if last.Name != "want" {
					a.Files = append(a.Files, txtar.File{Name: "want"})
					last = &a.Files[len(a.Files)-1]
				}
				last.Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(last.Data); last.Name != "want" || got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestJSON holds the names and the types that docs/check.md promises.
func TestJSON(t *testing.T) {
	o := unpack(t, txtar.Parse([]byte("-- nginx.conf --\nevents {}\nhttp { gzip 日本 ; servr { } }\n")))
	var b bytes.Buffer
	r := Run(o)
	if err := r.JSON(&b); err != nil {
		t.Fatal(err)
	}
	want := `{
  "file": "nginx.conf",
  "files": [
    "nginx.conf"
  ],
  "errors": 2,
  "warnings": 0,
  "more": false,
  "problems": [
    {
      "file": "nginx.conf",
      "line": 2,
      "column": 13,
      "end": {
        "line": 2,
        "column": 15
      },
      "source": "http { gzip 日本 ; servr { } }",
      "severity": "error",
      "message": "invalid value \"日本\" in \"gzip\" directive, it must be \"on\" or \"off\"",
      "directive": "gzip",
      "context": "http",
      "allowed": [
        "on",
        "off"
      ],
      "suggestions": [],
      "hint": ""
    },
    {
      "file": "nginx.conf",
      "line": 2,
      "column": 18,
      "end": {
        "line": 2,
        "column": 23
      },
      "source": "http { gzip 日本 ; servr { } }",
      "severity": "error",
      "message": "unknown directive \"servr\"",
      "directive": "servr",
      "context": "http",
      "allowed": [],
      "suggestions": [
        "server"
      ],
      "hint": ""
    }
  ]
}
`
	if got := strings.ReplaceAll(b.String(), o.Prefix, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !json.Valid(b.Bytes()) {
		t.Error("not JSON")
	}
}

// TestMany holds that garbage ends, and soon.
func TestMany(t *testing.T) {
	tests := map[string]string{
		"statements": strings.Repeat("a $b;", 200_000),
		"lines":      "events {}\nhttp {\n" + strings.Repeat("server { location / { gzip maybe; return 200 $a$b; } }\n", 5000) + "}\n",
		"variables":  "events {}\nhttp { server {\n" + strings.Repeat("location /a { return 200 $aa; }\n", 2000) + "} }\n",
		"one line":   "events {}\nhttp { server { server_name " + strings.Repeat("a;b ", 50_000) + "; } }\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			o := unpack(t, &txtar.Archive{Files: []txtar.File{{Name: "nginx.conf", Data: []byte(text)}}})
			r := Run(o)
			if r.Code(false) != 1 || len(r.Problems) > maxProblems || r.More != (len(r.Problems) == maxProblems) {
				t.Errorf("%d problems, more: %v", len(r.Problems), r.More)
			}
			var b bytes.Buffer
			if err := r.JSON(&b); err != nil || b.Len() > 4<<20 {
				t.Errorf("%d bytes of JSON, %v", b.Len(), err)
			}
		})
	}
}

func TestCode(t *testing.T) {
	tests := []struct {
		name   string
		have   []Severity
		strict bool
		want   int
	}{
		{"clean", nil, false, 0},
		{"clean, strict", nil, true, 0},
		{"warning", []Severity{Warning}, false, 0},
		{"warning, strict", []Severity{Warning}, true, 1},
		{"error", []Severity{Warning, Error}, false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r Report
			for _, s := range tt.have {
				r.Problems = append(r.Problems, Problem{Severity: s})
			}
			if got := r.Code(tt.strict); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("é", 300)
	tests := []struct {
		name         string
		line         string
		start, width int
		source       string
		caret        string
	}{
		{"plain", "gzip maybe;", 5, 5, "gzip maybe;", "     ^^^^^"},
		{"at the end", "gzip", 4, 1, "gzip", "    ^"},
		{"behind the end", "gzip", 9, 1, "gzip", "    ^"},
		{"empty line", "", 0, 0, "", "^"},
		{"no width", "a b", 2, 0, "a b", "  ^"},
		{"tabs", "\tgzip\tmaybe;", 6, 5, "\tgzip\tmaybe;", "\t    \t^^^^^"},
		{"wide letters", "日本 x", 7, 1, "日本 x", "     ^"},
		{"wide letters marked", "a 日本", 2, 6, "a 日本", "  ^^^^"},
		{"combining", "e\u0301 x", 4, 1, "e\u0301 x", "  ^"},
		{"escape sequence", "\x1b[31m x", 6, 1, "\u00b7[31m x", "      ^"},
		{"byte order mark", "\ufeffuser", 3, 4, "<FEFF>user", "      ^^^^"},
		{"long", long, 400, 2, "..." + strings.Repeat("é", 120) + "...", "   " + strings.Repeat(" ", 30) + "^"},
		{"long, at the start", long, 0, 2, strings.Repeat("é", 120) + "...", "^"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source, caret := Excerpt(tt.line, tt.start, tt.width)
			if source != tt.source || caret != tt.caret {
				t.Errorf("got  %q\n     %q\nwant %q\n     %q", source, caret, tt.source, tt.caret)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	names := []string{"server", "server_name", "root", "return", "proxy_pass", "proxy_set_header", "if", "set"}
	tests := []struct{ name, want string }{
		{"servr", "server"},
		{"server-name", "server_name"},
		{"retrun", "return"},
		{"Proxy_Pass", "proxy_pass"},
		{"rot", "root"},
		{"serv", "server"},
		{"fi", "if"},
		{"xyzzy", ""},
		{"", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(Nearest(tt.name, names), " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzRun checks that nothing that stands in a file ends the program, and that
// check finds something wrong exactly where -t does.
func FuzzRun(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(a.Files[0].Data))
	}
	f.Add("events {}\nhttp { map $a $b { $b $b; } server { return 200 $b; } }\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 || strings.Contains(text, "include") || strings.Contains(text, "://") {
			return // neither other files nor the resolver
		}
		o := unpack(t, &txtar.Archive{Files: []txtar.File{{Name: "nginx.conf", Data: []byte(text)}}})
		r := Run(o)
		if sound := runtime.Inspect(o, nil).Sound; sound != (r.Count(Error) == 0) {
			t.Errorf("loads: %v, but %d errors", sound, r.Count(Error))
		}
		if err := r.Text(new(bytes.Buffer)); err != nil {
			t.Error(err)
		}
		for _, p := range r.Problems {
			if p.Line < 0 || p.Line > strings.Count(text, "\n")+1 || p.Column > len(text)+2 {
				t.Errorf("%d:%d is not in the file: %s", p.Line, p.Column, p.Message)
			}
		}
	})
}
