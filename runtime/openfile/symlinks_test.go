package openfile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestSymlinks(t *testing.T) {
	dir := t.TempDir()
	site := filepath.Join(dir, "site")
	for _, d := range []string{site + "/sub", site + "/execonly"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, site+"/sub/f", "plain")
	write(t, site+"/execonly/f", "x")
	for link, to := range map[string]string{
		"/site/link": "sub/f", "/site/dirlink": "sub", "/sitelink": "site", "/site/loop": "loop",
	} {
		if err := os.Symlink(to, dir+link); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(site+"/execonly", 0o111); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(site+"/execonly", 0o755) }) // or nobody can delete it
	if os.Getuid() == 0 {
		if err := os.Symlink("sub/f", site+"/foreign"); err != nil {
			t.Fatal(err)
		}
		if err := os.Lchown(site+"/foreign", 12345, 12345); err != nil {
			t.Fatal(err)
		}
	} else if err := os.Symlink("/etc/passwd", site+"/foreign"); err != nil { // root's
		t.Fatal(err)
	}

	for _, f := range []struct {
		name, path, from string
		mode             Symlinks
		want             syscall.Errno
	}{
		{"allowed", "/site/link", "", SymlinksAllowed, 0},
		{"plain file", "/site/sub/f", "", SymlinksDenied, 0},
		{"doubled slashes", "/site//sub///f", "", SymlinksDenied, 0},
		{"last component", "/site/link", "", SymlinksDenied, syscall.ELOOP},
		{"directory", "/site/dirlink/f", "", SymlinksDenied, syscall.ENOTDIR},
		{"first component", "/sitelink/sub/f", "", SymlinksDenied, syscall.ENOTDIR},
		{"before from", "/sitelink/sub/f", "/sitelink", SymlinksDenied, 0},
		{"from with a slash", "/sitelink/sub/f", "/sitelink/", SymlinksDenied, 0},
		{"behind from", "/sitelink/link", "/sitelink", SymlinksDenied, syscall.ELOOP},
		{"from is the path", "/site/link", "/site/link", SymlinksDenied, 0},
		{"from ends within a component", "/sitelink/sub/f", "/site", SymlinksDenied, syscall.ENOTDIR},
		{"same owner", "/site/link", "", SymlinksIfOwner, 0},
		{"same owner, directory", "/site/dirlink/f", "", SymlinksIfOwner, 0},
		{"other owner", "/site/foreign", "", SymlinksIfOwner, syscall.ELOOP},
		{"loop", "/site/loop", "", SymlinksIfOwner, syscall.ELOOP},
		{"search permission only", "/site/execonly/f", "", SymlinksDenied, 0},
		{"trailing slash", "/site/sub/", "", SymlinksDenied, 0},
		{"trailing slash behind a file", "/site/sub/f/", "", SymlinksDenied, syscall.ENOTDIR},
		{"trailing slash behind a link", "/site/dirlink/", "", SymlinksDenied, syscall.ENOTDIR},
	} {
		path := []byte(dir + f.path)
		var from []byte
		if f.from != "" {
			from = []byte(dir + f.from)
		}
		var o Options
		o.SetSymlinks(f.mode, path, from)
		if f.mode != SymlinksAllowed && f.from == "" {
			// Where the test's own folder lives may itself be a link.
			o.SymlinksFrom = len(dir)
		}
		for _, testOnly := range []bool{false, true} {
			o.TestOnly = testOnly
			var info Info
			if e := NewCache(0).Open(path, &o, &info); e != f.want {
				t.Errorf("%s (test only %v): got %v, want %v", f.name, testOnly, e, f.want)
			}
			info.Close()
		}
		if string(path) != dir+f.path {
			t.Errorf("%s: the caller's path was changed to %q", f.name, path)
		}
	}
	if n := openFDs(t, dir); n != 0 {
		t.Errorf("%d descriptors are left open", n)
	}
}

func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "f", "x")
	if err := os.Symlink("f", "l"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]syscall.Errno{"f": 0, "l": syscall.ELOOP} {
		var info Info
		if e := NewCache(0).Open([]byte(path), &Options{Symlinks: SymlinksDenied}, &info); e != want {
			t.Errorf("%s: got %v, want %v", path, e, want)
		}
		info.Close()
	}
}
