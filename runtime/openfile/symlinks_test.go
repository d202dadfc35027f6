package openfile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestSymlinks(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	for _, d := range []string{root + "/sub", root + "/execonly"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, root+"/sub/f", "plain")
	write(t, root+"/execonly/f", "x")
	for link, to := range map[string]string{
		"/root/link": "sub/f", "/root/dirlink": "sub", "/rootlink": "root", "/root/loop": "loop",
	} {
		if err := os.Symlink(to, dir+link); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(root+"/execonly", 0o111); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(root+"/execonly", 0o755) }) // or nobody can delete it
	if os.Getuid() == 0 {
		if err := os.Symlink("sub/f", root+"/foreign"); err != nil {
			t.Fatal(err)
		}
		if err := os.Lchown(root+"/foreign", 12345, 12345); err != nil {
			t.Fatal(err)
		}
	} else if err := os.Symlink("/etc/passwd", root+"/foreign"); err != nil { // root's
		t.Fatal(err)
	}

	for _, f := range []struct {
		name, path, from string
		mode             Symlinks
		want             syscall.Errno
	}{
		{"allowed", "/root/link", "", SymlinksAllowed, 0},
		{"plain file", "/root/sub/f", "", SymlinksDenied, 0},
		{"doubled slashes", "/root//sub///f", "", SymlinksDenied, 0},
		{"last component", "/root/link", "", SymlinksDenied, syscall.ELOOP},
		{"directory", "/root/dirlink/f", "", SymlinksDenied, syscall.ENOTDIR},
		{"first component", "/rootlink/sub/f", "", SymlinksDenied, syscall.ENOTDIR},
		{"before from", "/rootlink/sub/f", "/rootlink", SymlinksDenied, 0},
		{"from with a slash", "/rootlink/sub/f", "/rootlink/", SymlinksDenied, 0},
		{"behind from", "/rootlink/link", "/rootlink", SymlinksDenied, syscall.ELOOP},
		{"from is the path", "/root/link", "/root/link", SymlinksDenied, 0},
		{"from ends within a component", "/rootlink/sub/f", "/root", SymlinksDenied, syscall.ENOTDIR},
		{"same owner", "/root/link", "", SymlinksIfOwner, 0},
		{"same owner, directory", "/root/dirlink/f", "", SymlinksIfOwner, 0},
		{"other owner", "/root/foreign", "", SymlinksIfOwner, syscall.ELOOP},
		{"loop", "/root/loop", "", SymlinksIfOwner, syscall.ELOOP},
		{"search permission only", "/root/execonly/f", "", SymlinksDenied, 0},
		{"trailing slash", "/root/sub/", "", SymlinksDenied, 0},
		{"trailing slash behind a file", "/root/sub/f/", "", SymlinksDenied, syscall.ENOTDIR},
		{"trailing slash behind a link", "/root/dirlink/", "", SymlinksDenied, syscall.ENOTDIR},
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
