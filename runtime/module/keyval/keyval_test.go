package keyval_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/keyval"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

func modules() []httpd.Module { return []httpd.Module{rewrite.Module(), keyval.Module()} }

// state writes a state file.
func state(t testing.TB, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestLookUp(t *testing.T) {
	file := state(t, `{"a": "1", "10.0.0.0/8": "net", "/x/": "begins"}`)
	for _, c := range []struct{ typ, target, want string }{
		{"string", "/?k=a", "<1>"},
		{"string", "/?k=A", "<>"},
		{"string", "/", "<>"},
		{"prefix", "/?k=/x/y", "<begins>"},
		{"string", "/?k=10.0.0.0/8", "<net>"},
	} {
		s := httptest.New(t, `keyval_zone zone=one:1m type=`+c.typ+` state=`+file+`;
			keyval $arg_k $text zone=one; server { return 200 "<$text>"; }`, modules()...)
		if got := s.Get(c.target).Body; got != c.want {
			t.Errorf("%s %s: %q, want %q", c.typ, c.target, got, c.want)
		}
	}
	s := httptest.New(t, `keyval $arg_k $text zone=one; keyval_zone zone=one:1m type=ip timeout=1h state=`+
		state(t, `{"10.0.0.0/8": "net"}`)+`; server { return 200 "<$text>"; }`, modules()...)
	if got := s.Get("/?k=10.1.1.1").Body; got != "<net>" {
		t.Error(got)
	}
}

// An assignment changes the pair, of which the same request sees the new value.
func TestSet(t *testing.T) {
	s := httptest.New(t, `keyval_zone zone=one:32k; keyval $arg_k $text zone=one;
		server {
			location / { return 200 "<$text>"; }
			location /set { set $before "$text"; set $text $arg_v; return 200 "$before-$text"; }
		}`, modules()...)
	for _, c := range []struct{ target, want string }{
		{"/set?k=a&v=1", "-1"},
		{"/?k=a", "<1>"},
		{"/set?k=a&v=2", "1-2"},
		{"/?k=a", "<2>"},
		{"/?k=b", "<>"},
		{"/set?k=b&v=" + strings.Repeat("x", 5000), "-" + strings.Repeat("x", 5000)},
	} {
		if got := s.Get(c.target).Body; got != c.want {
			t.Errorf("%s: %q, want %q", c.target, got, c.want)
		}
	}
	for i := range 10 {
		s.Get(fmt.Sprintf("/set?k=%d&v=%s", i, strings.Repeat("x", 5000)))
	}
	if want := `keyval zone "one": the value of key "9" is not stored: no room in the zone`; !strings.Contains(s.Log(), want) {
		t.Errorf("no %q in %s", want, s.Log())
	}
}

func TestLoad(t *testing.T) {
	for text, want := range map[string]string{
		"keyval_zone zone=z:1m state=x.json timeout=10m type=ip;":                  "",
		"keyval $arg_a $b zone=z; keyval_zone zone=z:1m; keyval $arg_b $c zone=z;": "",
		"keyval $arg_a $b zone=;":                       `invalid zone name "zone="`,
		"keyval $arg_a $b z;":                           `invalid parameter "z"`,
		"keyval $arg_a b zone=z;":                       `invalid variable name "b"`,
		"keyval $arg_a $ zone=z;":                       `invalid variable name "$"`,
		"keyval $arg_a $uri zone=z;":                    `the duplicate "uri" variable`,
		"keyval $arg_a $b;":                             `invalid number of arguments in "keyval" directive`,
		"keyval_zone zone=z;":                           `invalid zone size "zone=z"`,
		"keyval_zone zone=z:x;":                         `invalid zone size "zone=z:x"`,
		"keyval_zone zone=z:1k;":                        `zone "zone=z:1k" is too small`,
		"keyval_zone timeout=1s;":                       `"keyval_zone" must have "zone" parameter`,
		"keyval_zone zone=z:1m timeout=0;":              `invalid timeout value "timeout=0"`,
		"keyval_zone zone=z:1m timeout=x;":              `invalid timeout value "timeout=x"`,
		"keyval_zone zone=z:1m type=regex;":             `invalid type "type=regex"`,
		"keyval_zone zone=z:1m state=;":                 `invalid state value "state="`,
		"keyval_zone zone=z:1m what=1;":                 `invalid parameter "what=1"`,
		"keyval_zone zone=z:1m sync;":                   `"sync" requires "timeout" parameter`,
		"keyval_zone zone=z:1m sync timeout=1h;":        `"sync" parameter is known to nginx but not supported here`,
		"keyval_zone zone=z:1m; keyval_zone zone=z:1m;": `duplicate zone "z"`,
		"keyval_zone zone=z:1m; keyval_zone zone=z:2m;": `the size 2097152 of shared memory zone "z" conflicts with already declared size 1048576`,
		"keyval_zone zone=z:1m state=/nowhere/f; keyval_zone zone=y:1m state=/nowhere/f;": `the state file "/nowhere/f" is already used by keyval zone "z"`,
	} {
		_, err := httptest.Load(t, text, modules()...)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
