package limits

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// away makes a folder on another file system than the server's, where the machine has one, and links it at html/away.
func (s *site) away() string {
	s.t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "sluice-")
	if err != nil {
		dir = s.t.TempDir()
	}
	s.t.Cleanup(func() { must(s.t, os.RemoveAll(dir)) })
	must(s.t, harness.GiveAway(dir))
	var here, there syscall.Stat_t
	must(s.t, syscall.Stat(s.Dir(), &here))
	must(s.t, syscall.Stat(dir, &there))
	if here.Dev == there.Dev {
		s.t.Logf("%s is on the file system of %s: nothing is copied here", dir, s.Dir())
	}
	must(s.t, os.Symlink(dir, filepath.Join(s.Dir(), "html", "away")))
	return dir
}

// move asks for one and returns the status.
func (s *site) move(from, to string) int {
	c := s.dial()
	c.send("MOVE " + from + " HTTP/1.1\r\nHost: a\r\nDestination: " + to + "\r\nConnection: close\r\n\r\n")
	return c.receive(patience).status()
}

const movable = `
-- server.conf --
location / { dav_methods MOVE; }
`

// stamp is the modification time of what is moved.
var stamp = time.Unix(1_700_000_000, 0)

// planted are the files of plant.
var planted = map[string]string{
	"from/large": strings.Repeat("large\n", 300_000), "from/empty": "", "from/a/private": "private", "from/a/b/.hidden": "hidden",
	"outside/file": "from outside",
}

// plant makes a folder to be moved: files large, empty and private, folders in one another, and links to a file and a folder
// outside of it.
func (s *site) plant() (folder string) {
	s.t.Helper()
	html := filepath.Join(s.Dir(), "html")
	folder = filepath.Join(html, "from")
	must(s.t, os.MkdirAll(filepath.Join(folder, "a", "b"), 0o755))
	must(s.t, os.MkdirAll(filepath.Join(html, "outside"), 0o755))
	for name, text := range planted {
		must(s.t, os.WriteFile(filepath.Join(html, name), []byte(text), 0o640))
		must(s.t, os.Chtimes(filepath.Join(html, name), stamp, stamp))
	}
	must(s.t, os.Symlink(filepath.Join(html, "outside", "file"), filepath.Join(folder, "file")))
	must(s.t, os.Symlink(filepath.Join(html, "outside"), filepath.Join(folder, "folder")))
	must(s.t, harness.GiveAway(html))
	return folder
}

// wantPlanted wants everything in a folder that plant has made.
func (s *site) wantPlanted(folder string) {
	s.t.Helper()
	for name, text := range planted {
		if strings.HasPrefix(name, "outside") {
			continue
		}
		path := filepath.Join(folder, strings.TrimPrefix(name, "from/"))
		got, err := os.ReadFile(path)
		must(s.t, err)
		info, err := os.Stat(path)
		must(s.t, err)
		if string(got) != text || info.Mode().Perm() != 0o640 || !info.ModTime().Equal(stamp) {
			s.t.Errorf("%s: %d bytes, %v, %v", name, len(got), info.Mode(), info.ModTime())
		}
	}
	for _, name := range []string{"file", "folder/file"} {
		got, err := os.ReadFile(filepath.Join(folder, name))
		must(s.t, err)
		if string(got) != planted["outside/file"] {
			s.t.Errorf("%s: %q", name, got)
		}
	}
}

// TestMoveKeepsAll: a folder that is moved to another file system has everything there that it had, what its links lead to
// included, with permissions and times; what lies behind the links stays.
func TestMoveKeepsAll(t *testing.T) {
	t.Parallel()
	s := start(t, tested(), setup{text: movable})
	from, away := s.plant(), s.away()
	if got := s.move("/from/", "/away/to/"); got != 201 {
		t.Fatalf("answered with %d", got)
	}
	s.wantPlanted(filepath.Join(away, "to"))
	if _, err := os.Lstat(from); !os.IsNotExist(err) {
		t.Errorf("the folder is there still: %v", err)
	}
	if got := s.read("html/outside/file"); got != "from outside" {
		t.Errorf("%q is behind the links", got)
	}
}

// TestMoveLosesNothing: a folder with something that cannot be copied is left as it is.
func TestMoveLosesNothing(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(folder string) error{
		"a link to nowhere": func(folder string) error { return os.Symlink("missing", filepath.Join(folder, "odd")) },
		"a link around":     func(folder string) error { return os.Symlink("..", filepath.Join(folder, "a", "odd")) },
		"a pipe":            func(folder string) error { return syscall.Mkfifo(filepath.Join(folder, "a", "b", "odd"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, tested(), setup{text: movable})
			from, away := s.plant(), s.away()
			must(t, spoil(from))
			got := s.move("/from/", "/away/to/")
			if got == 201 { // renamed, on the same file system
				from = filepath.Join(away, "to")
			} else if got != 500 {
				t.Errorf("answered with %d", got)
			}
			s.wantPlanted(from)
		})
	}
}
