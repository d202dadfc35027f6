package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	messy = "events{}\nhttp  {\n}\n"
	neat  = "events {}\nhttp {}\n"
)

// keptFiles are what `sluice fmt -w` leaves of a file.
var keptFiles = []struct {
	name    string
	root    bool
	prepare func(t *testing.T, path string)
	once    bool // it is replaced at once, by another file
}{
	{"plain", false, func(*testing.T, string) {}, true},
	{"mode", false, func(t *testing.T, path string) {
		t.Helper()
		wantNil(t, os.Chmod(path, 0o640|os.ModeSetgid))
	}, true},
	{"owner and group", true, func(t *testing.T, path string) {
		t.Helper()
		wantNil(t, os.Chown(path, 1, 33))
		wantNil(t, os.Chmod(path, 0o640))
	}, true},
	{"hard link", false, func(t *testing.T, path string) {
		t.Helper()
		wantNil(t, os.Link(path, path+".link"))
	}, false},
	{"mounted", true, func(t *testing.T, path string) {
		t.Helper()
		wantNil(t, os.WriteFile(path+".mount", []byte(messy), 0o640))
		if err := unix.Mount(path+".mount", path, "", unix.MS_BIND, ""); err != nil {
			t.Logf("nothing can be mounted here: %v", err)
			return
		}
		t.Cleanup(func() { wantNil(t, unix.Unmount(path, 0)) })
	}, false},
	{"attributes", false, func(t *testing.T, path string) {
		t.Helper()
		if err := unix.Setxattr(path, "user.note", []byte("kept"), 0); err != nil {
			t.Logf("no attributes here: %v", err)
		}
	}, false},
}

// TestFormatKeepsFile: `sluice fmt -w` changes what a file holds, and nothing else of it.
func TestFormatKeepsFile(t *testing.T) {
	for _, tc := range keptFiles {
		t.Run(tc.name, func(t *testing.T) {
			if tc.root && os.Getuid() != 0 {
				t.Log("only the super-user can do so")
				return
			}
			path := filepath.Join(t.TempDir(), "nginx.conf")
			wantNil(t, os.WriteFile(path, []byte(messy), 0o644))
			tc.prepare(t, path)
			before, attributesBefore := statOf(t, path), attribute(path, "user.note")
			cmd := exec.Command(os.Args[0], "fmt", "-w", path)
			cmd.Env = append(os.Environ(), asProgram+"=1")
			if said, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v, said %q", err, said)
			}
			after := statOf(t, path)
			if after.Uid != before.Uid || after.Gid != before.Gid || after.Mode != before.Mode || after.Nlink != before.Nlink {
				t.Errorf("%+v, before %+v", after, before)
			}
			if got := attribute(path, "user.note"); string(got) != string(attributesBefore) {
				t.Errorf("attribute %q, before %q", got, attributesBefore)
			}
			if tc.once && after.Ino == before.Ino {
				t.Error("it was written over")
			}
			if text, err := os.ReadFile(path); err != nil || string(text) != neat {
				t.Errorf("%q, %v", text, err)
			}
			if list, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(list) > 0 {
				t.Errorf("left behind: %v", list)
			}
		})
	}
}

// TestOverwriteFails: what cannot be written in full leaves the file as it was. The limit of a file's size holds for a whole
// process, so it is the program in a process of its own that meets it.
func TestOverwriteFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nginx.conf")
	// At least one block of the limit, whatever the shell takes for one, lies between the sizes before and after.
	text := "events{}http{" + strings.Repeat("server{}", 50) + "}"
	wantNil(t, os.WriteFile(path, []byte(text), 0o644))
	wantNil(t, os.Link(path, path+".link")) // so that the file is written over
	cmd := exec.Command("sh", "-c", `ulimit -f 1 && exec "$@"`, "sh", os.Args[0], "fmt", "-w", path)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	said, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(said), "file too large") {
		t.Errorf("%v, said %q", err, said)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != text {
		t.Errorf("%q, %v", got, err)
	}
}

func wantNil(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func statOf(t *testing.T, path string) *syscall.Stat_t {
	t.Helper()
	info, err := os.Stat(path)
	wantNil(t, err)
	return info.Sys().(*syscall.Stat_t)
}
