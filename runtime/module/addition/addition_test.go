package addition_test

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/addition"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

func TestAddition(t *testing.T) {
	s := httptest.New(t, `default_type text/html; chunked_transfer_encoding off; server {
		add_before_body /before; add_after_body /after;
		location / { return 200 "body"; }
		location /none { add_before_body ""; add_after_body ""; return 200 "body"; }
		location /before-only { add_after_body ""; return 200 "body"; }
		location /status { return 202 "body"; }
		location /type { default_type text/plain; return 200 "body"; }
		location /types { default_type text/plain; addition_types text/plain; return 200 "body"; }
		location = /before { return 200 "<"; }
		location = /after { return 404 ">"; }
	}`, addition.Module(), rewrite.Module())
	for target, want := range map[string]string{
		"/": "<body>", "/none": "body", "/before-only": "<body", "/status": "body", "/type": "body", "/types": "<body>",
		"/before": "<<>", "/after": ">",
	} {
		r := s.Get(target)
		if r.Body != want {
			t.Errorf("%s: %q, want %q", target, r.Body, want)
		}
	}
	if n := s.Get("/").Header.Get("Content-Length"); n != "" {
		t.Errorf("Content-Length %s", n)
	}
}
