package explain

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sluiceproxy/sluice/runtime"
)

// load reads the configuration of a golden file.
func load(t testing.TB, name string) *Explainer {
	t.Helper()
	ar, err := txtar.ParseFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	dir := lay(t, ar)
	x, err := Load(runtime.Options{ConfPath: dir + "/nginx.conf", Prefix: dir + "/"})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestLargeHeaders: what does not fit the header buffers is refused, as by a server.
func TestLargeHeaders(t *testing.T) {
	x := load(t, "location.txtar")
	for size, want := range map[int]int{100: 200, 1000: 200, 8000: 200, 9000: 400, 60000: 400} {
		r, err := x.Explain(&Question{URL: "http://x/", Headers: []string{"X-A: " + strings.Repeat("a", size)}})
		if err != nil {
			t.Fatal(err)
		}
		if r.Response == nil || r.Response.Status != want {
			t.Errorf("%d bytes: %+v, want %d", size, r.Response, want)
		}
	}
	r, err := x.Explain(&Question{URL: "http://x/" + strings.Repeat("a", 9000)})
	if err != nil || r.Response == nil || r.Response.Status != 414 {
		t.Errorf("a long URI: %+v, %v", r.Response, err)
	}
}

// FuzzExplain: no question, however odd, makes it panic or say nothing.
func FuzzExplain(f *testing.F) {
	for _, s := range [][3]string{
		{"http://x/a/b/c.md", "GET", "X-A: b"},
		{"https://x:443/%00/../..//?a#b", "PO ST", "Host: y"},
		{"x", "DELETE", "Content-Length: 99999999999999999999"},
		{"http://[::1]:80/%zz", "get", "Transfer-Encoding: chunked"},
		{"http://x/named/\xff\xfe", "CONNECT", "Expect: 100-continue"},
		{"http://x/limited/", "TRACE", "Authorization: Basic !!"},
	} {
		f.Add(s[0], s[1], s[2])
	}
	var explainers []*Explainer
	for _, name := range []string{"location.txtar", "rewrite.txtar", "files.txtar", "access.txtar", "pass.txtar", "seed.txtar"} {
		explainers = append(explainers, load(f, name))
	}
	f.Fuzz(func(t *testing.T, url, method, header string) {
		for _, x := range explainers {
			r, err := x.Explain(&Question{URL: url, Method: method, Headers: []string{header}})
			if err != nil {
				if _, ok := err.(UsageError); !ok {
					t.Fatal(err)
				}
				return
			}
			var b bytes.Buffer
			if err := r.WriteText(&b); err != nil || b.Len() == 0 {
				t.Fatalf("%q, %v", b.String(), err)
			}
			if r.Listen != nil && r.Response == nil && len(r.Notes) == 0 {
				t.Fatalf("no answer, and no reason:\n%s", b.String())
			}
		}
	})
}

// TestSchema: docs/explain.md names every field of the JSON form.
func TestSchema(t *testing.T) {
	docs, err := os.ReadFile("../../docs/explain.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			f := typ.Field(i)
			if !f.IsExported() {
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" || !bytes.Contains(docs, []byte("`"+name+"`")) && !bytes.Contains(docs, []byte(`"`+name+`":`)) {
				t.Errorf("%s.%s: `%s` is not in docs/explain.md", typ.Name(), f.Name, name)
			}
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[Report]())
}
