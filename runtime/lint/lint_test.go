package lint

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// inspect reads a configuration; what does not have an http block is the inside of one.
func inspect(t testing.TB, text string) *runtime.Inspection {
	t.Helper()
	if !regexp.MustCompile(`(?m)^http \{`).MatchString(text) {
		text = "events {} http { " + text + "\n}\n"
	}
	dir := t.TempDir() + "/"
	if err := os.WriteFile(dir+"nginx.conf", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	in := runtime.Inspect(runtime.Options{ConfPath: dir + "nginx.conf", Prefix: dir}, nil)
	if errs := Errors(in); len(errs) > 0 {
		t.Fatalf("the configuration does not load: %s", strings.Join(errs, "\n"))
	}
	return in
}

// lines are the lines in which a rule finds something.
func lines(t testing.TB, r *Rule, text string) (out []int) {
	t.Helper()
	for _, f := range Run(inspect(t, text), []*Rule{r}) {
		if f.Rule != r.Name || f.Severity != r.Severity || f.Message == "" || f.File == "" || f.Column == 0 {
			t.Errorf("incomplete: %+v", f)
		}
		if !slices.Contains(out, f.Line) {
			out = append(out, f.Line)
		}
	}
	slices.Sort(out)
	return out
}

// TestCases looks for each rule in the files of its archive: it must find
// something in the lines marked with "# here", and nothing in the others.
func TestCases(t *testing.T) {
	for _, r := range Rules() {
		t.Run(r.Name, func(t *testing.T) {
			a, err := txtar.ParseFile(filepath.Join("testdata", r.Name+".txtar"))
			if err != nil {
				t.Fatal(err)
			}
			var bad, good int
			for _, f := range a.Files {
				var want []int
				for i, line := range strings.Split(string(f.Data), "\n") {
					if strings.HasSuffix(line, "# here") {
						want = append(want, i+1)
					}
				}
				if len(want) > 0 {
					bad++
				} else {
					good++
				}
				if got := lines(t, r, string(f.Data)); !slices.Equal(got, want) {
					t.Errorf("%s: found in lines %v, want %v", f.Name, got, want)
				}
			}
			if bad == 0 || good == 0 {
				t.Errorf("%d files with findings and %d without", bad, good)
			}
		})
	}
}

// TestExamples holds that the documentation's examples are examples.
func TestExamples(t *testing.T) {
	names := map[string]bool{}
	for _, r := range Rules() {
		t.Run(r.Name, func(t *testing.T) {
			if names[r.Name] || r.Text == "" {
				t.Error("a name of its own and a text are needed")
			}
			names[r.Name] = true
			if len(lines(t, r, r.Bad)) == 0 {
				t.Errorf("nothing found in %s", r.Bad)
			}
			if got := lines(t, r, r.Good); len(got) > 0 {
				t.Errorf("found something in %s", r.Good)
			}
		})
	}
}

func ruleNames(rules []*Rule) (names []string) {
	for _, r := range rules {
		names = append(names, r.Name)
	}
	return names
}

func TestSelect(t *testing.T) {
	tests := []struct {
		name            string
		enable, disable []string
		has, hasNot     string
		count           int
		err             string
	}{
		{"default", nil, nil, "ssrf", "proxy-pass-normalized", len(Default()), ""},
		{"one more", []string{"proxy-pass-normalized"}, nil, "proxy-pass-normalized", "", len(Default()) + 1, ""},
		{"all", []string{"all"}, nil, "proxy-pass-normalized", "", len(Rules()), ""},
		{"one less", nil, []string{"ssrf", "no-effect"}, "http-splitting", "ssrf", len(Default()) - 2, ""},
		{"one alone", []string{"ssrf"}, []string{"all"}, "ssrf", "no-effect", 1, ""},
		{"none", nil, []string{"all"}, "", "ssrf", 0, ""},
		{"misspelled", []string{"srrf"}, nil, "", "", 0, `there is no rule "srrf", did you mean ssrf?`},
		{"unknown", nil, []string{"nonsense-and-more"}, "", "", 0, `there is no rule "nonsense-and-more"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rules, err := Select(tt.enable, tt.disable)
			if (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			got := ruleNames(rules)
			if len(got) != tt.count || tt.has != "" && !slices.Contains(got, tt.has) || slices.Contains(got, tt.hasNot) {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestSilence checks the comments that silence a rule.
func TestSilence(t *testing.T) {
	tests := []struct {
		name, text string
		want       int
	}{
		{"not", "server_tokens on;", 1},
		{"above", "# lint:ignore version-disclosure\nserver_tokens on;", 0},
		{"behind", "server_tokens on; # lint:ignore version-disclosure this is a test", 0},
		{"inside", "server_tokens # lint:ignore version-disclosure\n on;", 0},
		{"one of a list", "server_tokens on; # lint:ignore ssrf,version-disclosure", 0},
		{"another rule", "server_tokens on; # lint:ignore ssrf", 1},
		{"a longer name", "server_tokens on; # lint:ignore version-disclosures", 1},
		{"the block around it", "# lint:ignore version-disclosure\nserver { location / { server_tokens on; } }", 0},
		{"behind the brace", "server { # lint:ignore version-disclosure\nserver_tokens on; }", 0},
		{"another block", "# lint:ignore version-disclosure\nserver { }\nserver { server_tokens on; }", 1},
	}
	rules, err := Select([]string{"version-disclosure"}, []string{"all"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Run(inspect(t, "\n"+tt.text+"\n"), rules); len(got) != tt.want {
				t.Errorf("%d findings, want %d", len(got), tt.want)
			}
		})
	}
}

func TestReport(t *testing.T) {
	r := &Report{Files: []string{"nginx.conf"}, Findings: Run(inspect(t, "server_tokens on;\nserver_names_hash_max_size 1;\n"), Default())}
	if r.Worst() != Low || r.Count(Low) != 1 || r.Count(Info) != 1 || r.Count(High) != 0 {
		t.Errorf("worst %v, %d low, %d info", r.Worst(), r.Count(Low), r.Count(Info))
	}
	var b strings.Builder
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		":1:32: low: version-disclosure: the version is told to everybody\n",
		"   1 | events {} http { server_tokens on;\n     |                                ^^\n",
		"found: 1 low, 1 info (",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	if empty := (&Report{}); empty.Worst() >= Info {
		t.Error("nothing found is worse than info")
	}
}

// TestJSON holds the names that docs/lint.md promises.
func TestJSON(t *testing.T) {
	r := &Report{Files: []string{"nginx.conf"}, Errors: []string{"bad"}, Findings: Run(inspect(t, "server_tokens on;\n"), Default())}
	var b strings.Builder
	if err := r.JSON(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Files, Errors []string
		Counts        map[string]int
		Findings      []map[string]any
	}
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Files, r.Files) || !slices.Equal(got.Errors, r.Errors) || got.Counts["low"] != 1 || got.Counts["high"] != 0 ||
		len(got.Findings) != 1 {
		t.Fatalf("got %+v", got)
	}
	names := slices.Sorted(maps.Keys(got.Findings[0]))
	want := []string{"column", "directive", "end", "explanation", "file", "line", "message", "rule", "severity", "source"}
	if !slices.Equal(names, want) || got.Findings[0]["severity"] != "low" {
		t.Errorf("got %v", got.Findings[0])
	}
}

// TestBuiltin holds that what is known about nginx's variables is about variables that there are.
func TestBuiltin(t *testing.T) {
	for name := range builtin {
		if !conf.HasVariable("http", name) {
			t.Errorf("there is no $%s", name)
		}
	}
	for _, prefix := range families {
		if !conf.HasVariable("http", prefix+"x") {
			t.Errorf("there is no $%s...", prefix)
		}
	}
}

func TestLooseDots(t *testing.T) {
	tests := []struct {
		regex string
		want  []int
	}{
		{`.php$`, []int{0}},
		{`\.php$`, nil},
		{`.*\.php`, nil},
		{`[.a]x.`, nil},
		{`[].a]x`, nil},
		{`[^].a]x.y`, []int{7}},
		{`\\.a`, []int{2}},
		{`.(jpg|png)`, []int{0}},
		{`.(?:jpg)`, []int{0}},
		{`a.{3}`, nil},
		{`[`, nil},
		{`\`, nil},
		{`.`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.regex, func(t *testing.T) {
			if got := looseDots(tt.regex); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestMatchesAll(t *testing.T) {
	tests := map[string]bool{
		"": true, ".": true, "/": true, "^": true, "^/": true, ".*": true, "^.*$": true, "^/(.*)$": true, "(?i)^/": true, "$": true,
		"^(?:.*)$": true, "^$": false, "^/$": false, "/$": false, "/a": false, `\.php`: false, "(a|.*)": false, "^/.+/": false,
	}
	for regex, want := range tests {
		if got := matchesAll(regex); got != want {
			t.Errorf("%q: got %v, want %v", regex, got, want)
		}
	}
}

// FuzzRun checks that no configuration ends the program.
func FuzzRun(f *testing.F) {
	for _, r := range Rules() {
		f.Add(r.Bad)
		f.Add(r.Good)
	}
	f.Add("map $a $b { ~(?<b>[^x]) $b; } server { location ~ (?<a>.)(?'c'[^y]*) { set $c $1; return 302 $a$b$c${; } if ( ~ ) { } }")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 || strings.Contains(text, "include") || strings.Contains(text, "://") {
			return // neither other files nor the resolver
		}
		dir := t.TempDir() + "/"
		if err := os.WriteFile(dir+"nginx.conf", []byte("events {} http { "+text), 0o644); err != nil {
			t.Fatal(err)
		}
		in := runtime.Inspect(runtime.Options{ConfPath: dir + "nginx.conf", Prefix: dir}, nil)
		r := &Report{Findings: Run(in, Rules())}
		if err := r.Text(new(strings.Builder)); err != nil {
			t.Error(err)
		}
	})
}
