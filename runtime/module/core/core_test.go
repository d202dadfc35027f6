package core_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
	"github.com/sluiceproxy/sluice/runtime/module/static"
)

// TestTryFiles: the first name that exists is served, a folder only by a name that ends with a slash, and the last argument
// answers where none does. An if in the same location has no try_files.
func TestTryFiles(t *testing.T) {
	s := httptest.New(t, `server {
		root .;
		location / { try_files $uri $uri.html @rest; }
		location /code/ { try_files $uri =410; }
		location /folder/ { try_files $uri $uri/ =410; }
		location /if/ { try_files $uri =410; if ($arg_x) { set $y 1; } }
		location @rest { return 200 "rest $uri"; }
	}`, rewrite.Module(), static.Module())
	for name, text := range map[string]string{"a": "file a", "b.html": "file b"} {
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(s.Dir, "folder", "in"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		target string
		status int
		body   string
	}{
		{"/a", 200, "file a"},
		{"/b", 200, "file b"},
		{"/c", 200, "rest /c"},
		{"/code/none", 410, ""},
		{"/folder/in", 301, ""},
		{"/folder/none", 410, ""},
		{"/if/none", 410, ""},
		{"/if/none?x=1", 404, ""},
	} {
		r := s.Get(c.target)
		if r.Status != c.status || c.body != "" && r.Body != c.body {
			t.Errorf("%s: %d %q, want %d %q", c.target, r.Status, r.Body, c.status, c.body)
		}
	}
}

func TestVariables(t *testing.T) {
	s := httptest.New(t, `server {
		server_name _;
		location / { return 200 "$uri|$args|$is_args|$arg_a|$cookie_c|$http_x_one|$remote_user|$scheme|$request_method|$content_length"; }
		location /id { return 200 "$request_id $request_id"; }
	}`, rewrite.Module())
	r := s.Get("/p%20q?a=1&b=2", "Cookie: c=3; d=4", "X-One: 5", "X-One: 6", "Authorization: Basic dXNlcjpw")
	if want := "/p q|a=1&b=2|?|1|3|5, 6|user|http|GET|"; r.Body != want {
		t.Errorf("%q, want %q", r.Body, want)
	}
	if first, second, _ := strings.Cut(s.Get("/id").Body, " "); len(first) != 32 || first != second {
		t.Errorf("$request_id: %q and %q", first, second)
	}
}
