package proxy_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestBindRefused: local addresses that are none, or of another family than the server's.
func TestBindRefused(t *testing.T) {
	b := newBackend(t, keep("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	s := httptest.New(t, `server {
			location /tcp { proxy_bind $arg_b; proxy_pass http://`+b.addr+`; }
			location /unix { proxy_bind 127.0.0.1; proxy_pass http://unix:`+filepath.Join(t.TempDir(), "s")+`; }
		}`, modules()...)
	for path, want := range map[string]struct {
		status int
		log    string
	}{
		"/tcp?b=junk": {200, `invalid local address "junk", client: `},
		"/unix":       {500, `bind(127.0.0.1) failed (22: Invalid argument) while connecting to upstream, client: `},
	} {
		if got := s.Get(path); got.Status != want.status {
			t.Errorf("%s: %d", path, got.Status)
		}
		if log := s.Log(); !strings.Contains(log, want.log) {
			t.Errorf("%s: %s", path, log)
		}
	}
}
