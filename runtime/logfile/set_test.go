package logfile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestSameFileIsShared(t *testing.T) {
	dir := t.TempDir()
	s := NewSet(Options{Prefix: dir})
	if a, b := s.File("a.log"), s.File(filepath.Join(dir, "a.log")); a != b {
		t.Error("two Files for one path")
	}
	if s.File("a.log") == s.File("b.log") {
		t.Error("one File for two paths")
	}
	if _, err := os.Stat(filepath.Join(dir, "a.log")); err == nil {
		t.Error("opened before Open")
	}
}

func TestConflictingBuffering(t *testing.T) {
	s := NewSet(Options{Prefix: "/x"})
	s.File("log")
	for _, c := range []struct {
		b    Buffering
		want string
	}{
		{Buffering{Size: 100}, ""},
		{Buffering{Size: 100}, ""},
		{Buffering{Size: 200}, `access_log "log" already defined with conflicting parameters`},
		{Buffering{Size: 100, Gzip: 1}, `access_log "log" already defined with conflicting parameters`},
	} {
		_, err := s.Buffered("log", c.b)
		if got := errText(err); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.b, got, c.want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestOpenFailureChangesNothing(t *testing.T) {
	dir := t.TempDir()
	var f *File
	old := openSet(t, Options{Prefix: dir}, func(s *Set) { f = s.File("log") })
	fd := f.fd
	s := NewSet(Options{Prefix: dir, Previous: old})
	s.File("log")
	s.File("missing/log")
	err := s.Open()
	want := `open() "` + dir + `/missing/log" failed (2: No such file or directory)`
	if errText(err) != want {
		t.Errorf("got %q, want %q", errText(err), want)
	}
	s.Close()
	f.Write([]byte("still here\n"))
	if f.fd != fd || read(t, f.Path()) != "still here\n" {
		t.Error("the running configuration's log is disturbed")
	}
	old.Close()
	if n := openFDs(t, dir); n != 0 {
		t.Errorf("%d descriptors are left open", n)
	}
}

func TestReloadOpensMovedFilesAnew(t *testing.T) {
	dir := t.TempDir()
	var f *File
	old := openSet(t, Options{Prefix: dir}, func(s *Set) { f = s.File("log"); s.File("gone") })
	f.Write([]byte("1\n"))
	if err := os.Rename(dir+"/log", dir+"/log.1"); err != nil {
		t.Fatal(err)
	}
	s := openSet(t, Options{Prefix: dir, Previous: old}, func(s *Set) { s.File("log") })
	f.Write([]byte("2\n"))
	old.Close()
	f.Write([]byte("3\n"))
	if a, b := read(t, dir+"/log.1"), read(t, dir+"/log"); a != "1\n" || b != "2\n3\n" {
		t.Errorf("got %q and %q", a, b)
	}
	if n := openFDs(t, dir); n != 1 {
		t.Errorf("%d descriptors are open, want 1", n)
	}
	s.Close()
	if n := openFDs(t, dir); n != 0 {
		t.Errorf("%d descriptors are left open", n)
	}
}

func TestReopenFailureKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	var problems []Problem
	var f *File
	fail := false
	s := openSet(t, Options{
		Prefix: dir,
		Report: func(p Problem) { problems = append(problems, p) },
		OpenFile: func(path string) (int, error) {
			if fail {
				return -1, syscall.EACCES
			}
			return OpenAppend(path)
		},
	}, func(s *Set) { f = s.File("log") })
	defer s.Close()
	fail = true
	s.Reopen(-1)
	f.Write([]byte("kept\n"))
	if len(problems) != 1 || problems[0].Severity != Emerg || problems[0].Text != `open() "`+dir+`/log" failed` || problems[0].Err != syscall.EACCES {
		t.Errorf("got %+v", problems)
	}
	if got := read(t, f.Path()); got != "kept\n" {
		t.Errorf("got %q", got)
	}
}

func TestReopenGivesFilesToTheOwner(t *testing.T) {
	if os.Getuid() != 0 {
		return // only root gives files away
	}
	dir := t.TempDir()
	s := openSet(t, Options{Prefix: dir}, func(s *Set) { s.File("log") })
	defer s.Close()
	if err := os.Chmod(dir+"/log", 0o444); err != nil {
		t.Fatal(err)
	}
	s.Reopen(12345)
	st, err := os.Stat(dir + "/log")
	if err != nil {
		t.Fatal(err)
	}
	if uid := st.Sys().(*syscall.Stat_t).Uid; uid != 12345 || st.Mode().Perm() != 0o644 {
		t.Errorf("owner %d, mode %v", uid, st.Mode())
	}
}

func TestStderr(t *testing.T) {
	s := NewSet(Options{})
	f := s.Stderr()
	if f.Path() != "" || f.fd != 2 {
		t.Errorf("path %q, fd %d", f.Path(), f.fd)
	}
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	s.Reopen(-1)
	s.Close()
	if f.fd != 2 {
		t.Error("stderr was closed")
	}
}

func openFDs(t *testing.T, dir string) int {
	t.Helper()
	fds, _ := filepath.Glob("/proc/self/fd/*")
	n := 0
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, dir) {
			n++
		}
	}
	return n
}
