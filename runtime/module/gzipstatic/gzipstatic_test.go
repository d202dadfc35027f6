package gzipstatic_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/gzip"
	"github.com/sluiceproxy/sluice/runtime/module/gzipstatic"
	"github.com/sluiceproxy/sluice/runtime/module/static"
)

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "plain", "a.gz": "packed", "b": "plain", "c.gz": "packed"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "b.gz"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := httptest.New(t, strings.ReplaceAll(`server {
		location /on/ { gzip_static on; gzip_vary on; alias DIR/; }
		location /novary/ { gzip_static on; alias DIR/; }
		location /always/ { gzip_static always; gzip_vary on; alias DIR/; }
		location /off/ { gzip_static off; gzip_vary on; alias DIR/; }
		location /new/ { gzip_static on; gzip_http_version 1.1; gzip_proxied off; alias DIR/; }
	}`, "DIR", dir), gzip.Module(), gzipstatic.Module(), static.Module())
	const accept = "Accept-Encoding: gzip"
	for _, c := range []struct {
		target string
		fields []string
		status int
		packed bool
		vary   bool
	}{
		{"/on/a", []string{accept}, 200, true, true},
		{"/on/a", nil, 200, false, true},
		{"/on/a", []string{"Accept-Encoding: gzip;q=0"}, 200, false, true},
		{"/on/b", []string{accept}, 200, false, true},
		{"/on/c", []string{accept}, 200, true, true},
		{"/on/c", nil, 404, false, true},
		{"/novary/a", []string{accept}, 200, true, false},
		{"/novary/a", nil, 200, false, false},
		{"/always/a", nil, 200, true, false},
		{"/always/c", nil, 200, true, false},
		{"/off/a", []string{accept}, 200, false, false},
		{"/new/a", []string{accept, "Via: 1.1 x"}, 200, false, false},
		{"/new/a", []string{accept}, 200, true, false},
	} {
		t.Run(c.target+" "+strings.Join(c.fields, " "), func(t *testing.T) {
			r := s.Get(c.target, c.fields...)
			if r.Status != c.status || (r.Body == "packed") != c.packed || (r.Header.Get("Content-Encoding") == "gzip") != c.packed {
				t.Errorf("%+v", r)
			}
			if vary := r.Header.Get("Vary") == "Accept-Encoding"; vary != c.vary {
				t.Errorf("Vary: %v", vary)
			}
		})
	}
	if r := s.Do("POST /on/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + accept + "\r\n\r\n"); r.Status != 405 {
		t.Errorf("POST: %+v", r)
	}
	if r := s.Get("/on/a", accept, "Range: bytes=1-2"); r.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("range: %+v", r)
	}
}
