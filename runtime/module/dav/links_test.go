package dav_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/dav"
)

// serve runs a server with the folder html/from, in which there is a file.
func serve(t *testing.T) (s *httptest.Server, html string) {
	t.Helper()
	s = httptest.New(t, "server { location / { dav_methods DELETE COPY; } }", dav.Module())
	html = filepath.Join(s.Dir, "html")
	if err := os.MkdirAll(filepath.Join(html, "from"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(html, "from", "file"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, html
}

func link(t *testing.T, to, name string) {
	t.Helper()
	if err := os.Symlink(to, name); err != nil {
		t.Fatal(err)
	}
}

// TestDeleteLinks: links go with the folder that they are in, wherever they lead.
func TestDeleteLinks(t *testing.T) {
	s, html := serve(t)
	outside := filepath.Join(html, "outside")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link(t, "missing", filepath.Join(html, "from", "nowhere"))
	link(t, outside, filepath.Join(html, "from", "somewhere"))
	link(t, "..", filepath.Join(html, "from", "up"))
	if r := s.Do("DELETE /from/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); r.Status != 204 {
		t.Errorf("%+v\n%s", r, s.Log())
	}
	if _, err := os.Lstat(filepath.Join(html, "from")); !os.IsNotExist(err) {
		t.Errorf("the folder: %v", err)
	}
	if _, err := os.Lstat(outside); err != nil {
		t.Error(err)
	}
}

// TestCopyOfItself: a link to a folder that the copy is made in does not make it a
// copy of itself.
func TestCopyOfItself(t *testing.T) {
	s, html := serve(t)
	link(t, "..", filepath.Join(html, "from", "up"))
	r := s.Do("COPY /from/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nDestination: /to/\r\n\r\n")
	if r.Status != 201 {
		t.Errorf("%+v", r)
	}
	var all []string
	err := filepath.WalkDir(filepath.Join(html, "to"), func(path string, _ os.DirEntry, err error) error {
		all = append(all, strings.TrimPrefix(path, html))
		return err
	})
	if got := strings.Join(all, " "); err != nil || got != "/to /to/file /to/up" {
		t.Errorf("%.200s, %v", got, err)
	}
	if log := s.Log(); !strings.Contains(log, "Too many levels of symbolic links") {
		t.Errorf("%.500s", log)
	}
}
