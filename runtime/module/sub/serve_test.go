package sub_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
	"github.com/sluiceproxy/sluice/runtime/module/sub"
)

func modules() []httpd.Module { return []httpd.Module{sub.Module(), rewrite.Module()} }

func TestReplace(t *testing.T) {
	s := httptest.New(t, `default_type text/html; chunked_transfer_encoding off; server {
		location /once { sub_filter one 1; sub_filter two 2; return 200 "one two one two"; }
		location /always { sub_filter one 1; sub_filter_once off; return 200 "one two one"; }
		location /value { sub_filter one "<$arg_a>"; sub_filter_once off; return 200 "one two one"; }
		location /text { sub_filter "$arg_a" x; sub_filter_once off; return 200 "one two one"; }
		location /empty { sub_filter one ''; sub_filter_once off; return 200 "one"; }
		location /type { sub_filter one 1; default_type text/plain; return 200 "one"; }
	}`, modules()...)
	for target, want := range map[string]string{
		"/once": "1 2 one two", "/always": "1 two 1", "/value?a=b": "<b> two <b>", "/text": "one two one", "/text?a=ONE": "x two x",
		"/empty": "", "/type": "one",
	} {
		if r := s.Get(target); r.Status != 200 || r.Body != want {
			t.Errorf("%s: %+v, want %q", target, r, want)
		}
	}
}

func TestLoad(t *testing.T) {
	for text, want := range map[string]string{
		"sub_filter a b; sub_filter a b;":       "",
		"sub_filter '' b;":                      "empty search pattern",
		"sub_filter $ b;":                       "invalid variable name",
		"sub_filter_once yes;":                  `invalid value "yes" in "sub_filter_once" directive, it must be "on" or "off"`,
		strings.Repeat("sub_filter a b; ", 255): "",
		strings.Repeat("sub_filter a b; ", 256): "number of search patterns exceeds 255",
	} {
		_, err := httptest.Load(t, "server { "+text+" }", modules()...)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && !strings.HasPrefix(got, want) {
			t.Errorf("%.40s: %s, want %s", text, got, want)
		}
	}
}
