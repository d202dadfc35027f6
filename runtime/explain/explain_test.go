package explain

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sluiceproxy/sluice/internal/testcert"
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/product"
)

var update = flag.Bool("update", false, "write what is said now into testdata")

// TestGolden answers the questions of testdata/*.txtar: `ask NAME` is the URL and, one a line, the options; `text NAME` and
// `json NAME` are the answer. The other files are the configuration.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	asked := 0
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			asked += golden(t, ar)
			if *update {
				if err := os.WriteFile(path, txtar.Format(ar), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	if asked < 40 && flag.Lookup("test.run").Value.String() == "" {
		t.Errorf("only %d situations", asked)
	}
}

// golden answers the questions of one archive, and writes new answers into it.
func golden(t *testing.T, ar *txtar.Archive) (asked int) {
	dir := lay(t, ar)
	x, err := Load(runtime.Options{ConfPath: dir + "/nginx.conf", Prefix: dir + "/"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]*txtar.File{}
	for i := range ar.Files {
		want[ar.Files[i].Name] = &ar.Files[i]
	}
	var out []txtar.File
	for _, f := range ar.Files {
		name, ok := strings.CutPrefix(f.Name, "ask ")
		if !ok {
			if !isAnswer(f.Name) {
				out = append(out, f)
			}
			continue
		}
		asked++
		report, err := x.Explain(question(t, string(f.Data)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		report = settled(t, report, dir)
		out = append(out, f)
		for _, form := range []struct {
			kind  string
			write func(*Report, *bytes.Buffer) error
		}{
			{"text ", func(r *Report, b *bytes.Buffer) error { return r.WriteText(b) }},
			{"json ", func(r *Report, b *bytes.Buffer) error { return r.WriteJSON(b) }},
		} {
			w := want[form.kind+name]
			if w == nil && form.kind == "json " {
				continue
			}
			var got bytes.Buffer
			if err := form.write(report, &got); err != nil {
				t.Fatal(err)
			}
			out = append(out, txtar.File{Name: form.kind + name, Data: got.Bytes()})
			if !*update && (w == nil || !bytes.Equal(w.Data, got.Bytes())) {
				t.Errorf("%s%s: got\n%s", form.kind, name, got.Bytes())
			}
		}
	}
	ar.Files = out
	return asked
}

func isAnswer(name string) bool {
	return strings.HasPrefix(name, "text ") || strings.HasPrefix(name, "json ")
}

// lay writes the files of an archive, and a certificate, into a folder.
func lay(t testing.TB, ar *txtar.Archive) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	files := append([]txtar.File{{Name: "html/.keep"}}, ar.Files...)
	cert, key := testcert.PEM(t, "example.com")
	files = append(files, txtar.File{Name: "cert.pem", Data: cert}, txtar.File{Name: "cert.key", Data: key})
	when := time.Date(2024, time.March, 5, 12, 34, 56, 0, time.UTC)
	for _, f := range files {
		if strings.Contains(f.Name, " ") {
			continue
		}
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.ReplaceAll(f.Data, []byte("%DIR%"), []byte(dir)), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// question reads an `ask` file.
func question(t *testing.T, text string) *Question {
	t.Helper()
	q := &Question{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		option, value, _ := strings.Cut(line, " ")
		switch {
		case i == 0:
			q.URL = line
		case option == "-H":
			q.Headers = append(q.Headers, value)
		case option == "-X":
			q.Method = value
		case option == "-from":
			q.From = value
		case option == "-to":
			q.To = value
		case option == "-all":
			q.All = true
		default:
			t.Fatalf("unknown option %q", line)
		}
	}
	return q
}

var dates = regexp.MustCompile(`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`)

// steady are the defaults that stay in the golden files: all of them would change with every new module.
var steady = []string{"index", "post_action", "satisfy", "sendfile"}

// settled is the report without what differs from run to run: the folder, the time, the version.
func settled(t *testing.T, r *Report, dir string) *Report {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte(dir), []byte("/etc/nginx"))
	data = bytes.ReplaceAll(data, []byte(product.Name+"/"+product.Version), []byte(product.Name+"/VERSION"))
	data = dates.ReplaceAll(data, []byte("DATE"))
	out := &Report{all: r.all}
	if err := json.Unmarshal(data, out); err != nil {
		t.Fatal(err)
	}
	out.Settings = slices.DeleteFunc(out.Settings, func(s Setting) bool {
		return s.Origin == "default" && !slices.Contains(steady, s.Name)
	})
	return out
}

// TestUsage: questions that cannot be asked.
func TestUsage(t *testing.T) {
	x, err := Load(config(t, "events {} http { server { listen 80; } }"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		q    Question
		want string
	}{
		"no host":      {Question{URL: "http:///x"}, "the URL names no host"},
		"empty":        {Question{}, "the URL names no host"},
		"scheme":       {Question{URL: "ftp://x/"}, `"ftp://x/" is no URL of http or https`},
		"port":         {Question{URL: "http://x:y/"}, `"x:y" has no valid port`},
		"port 0":       {Question{URL: "http://x:0/"}, `"x:0" has no valid port`},
		"big port":     {Question{URL: "http://x:65536/"}, `"x:65536" has no valid port`},
		"blank":        {Question{URL: "http://x/a b"}, "there is a blank in the method or the URL"},
		"method":       {Question{URL: "http://x/", Method: "G\r\nET"}, "there is a blank in the method or the URL"},
		"header":       {Question{URL: "http://x/", Headers: []string{"x"}}, `-H wants 'Name: value', not "x"`},
		"header lines": {Question{URL: "http://x/", Headers: []string{"a: b\r\nc: d"}}, `-H wants 'Name: value', not "a: b\r\nc: d"`},
		"from":         {Question{URL: "http://x/", From: "here"}, `"here" is no address`},
		"to":           {Question{URL: "http://x/", To: "there:80"}, `"there:80" is no address`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := x.Explain(&c.q)
			if _, ok := err.(UsageError); !ok || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestBroken: a configuration that does not load has nginx's message.
func TestBroken(t *testing.T) {
	for text, want := range map[string]string{
		"events {}\nhttp { foo; }": `unknown directive "foo" in DIR/nginx.conf:2`,
		"http { }":                 `no "events" section in configuration`,
	} {
		o := config(t, text)
		_, err := Load(o)
		if err == nil || strings.ReplaceAll(err.Error(), o.Prefix, "DIR/") != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestNothingIsMade: explaining opens no log and makes no folder.
func TestNothingIsMade(t *testing.T) {
	o := config(t, `error_log logs/error.log debug; events {} http { access_log logs/access.log; client_body_temp_path tmp/body;
		server { listen 80; location / { proxy_temp_path tmp/proxy; proxy_pass http://127.0.0.1:1; } } }`)
	x, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Explain(&Question{URL: "http://x/", Method: "POST"}); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadDir(o.Prefix)
	if err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

func config(t *testing.T, text string) runtime.Options {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/nginx.conf", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return runtime.Options{ConfPath: dir + "/nginx.conf", Prefix: dir + "/"}
}
