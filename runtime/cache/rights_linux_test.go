package cache

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
)

// asNobody makes this thread one without rights, which is not used for anything else then.
func asNobody(t *testing.T) {
	runtime.LockOSThread() // and never unlocked: the thread ends with the test's goroutine
	if os.Getuid() != 0 {
		return
	}
	if err := unix.Setfsgid(65534); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setfsuid(65534); err != nil {
		t.Fatal(err)
	}
}

// TestNoRights: without the right to write the response is not stored; an entry without the right to
// read is an error, as in nginx. Both are logged in nginx's words.
func TestNoRights(t *testing.T) {
	z, o := newZone(t, nil)
	q := query(o, "key")
	path, _ := entryFile(t, z, q, "body")
	dir := filepath.Dir(path)
	if os.Chmod(dir, 0o555) != nil || os.Chmod(path, 0) != nil {
		t.Fatal("chmod")
	}
	for d := dir; d != os.TempDir() && len(d) > 1; d = filepath.Dir(d) {
		_ = os.Chmod(d, 0o555)
	}
	t.Cleanup(func() {
		for d := z.opts.Load().Dir; d != os.TempDir() && len(d) > 1; d = filepath.Dir(d) {
			_ = os.Chmod(d, 0o755)
		}
		_ = filepath.Walk(z.opts.Load().Dir, func(path string, _ os.FileInfo, _ error) error { return os.Chmod(path, 0o755) })
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		asNobody(t)
		next := again(t, z, nil)
		if got, log := fetch(next, q), o.log(); got != "failed" || log != `open() "`+path+`" failed` {
			t.Errorf("%s, logged %q", got, log)
		}
		other := query(o, "other key")
		tryStore(next, other, "HEAD", strings.Repeat("x", MaxContent+1))
		tryStore(next, q, "HEAD", "small")
		for _, line := range strings.Split(o.log(), "\n") {
			if !strings.HasPrefix(line, `mkdir() "`+z.opts.Load().Dir) && !strings.HasPrefix(line, `open() "`+path) {
				t.Errorf("logged %q", line)
			}
		}
		if got := fetch(next, other); got != "miss" {
			t.Error(got)
		}
	}()
	<-done
}

// TestOtherFileSystem: temporary files may be on another file system than the cache.
func TestOtherFileSystem(t *testing.T) {
	z, o := newZone(t, func(o *Options) { o.UseTempPath = true })
	temp, err := os.MkdirTemp("/dev/shm", "cache")
	if err != nil {
		t.Logf("not tested: %v", err)
		return
	}
	defer os.RemoveAll(temp)
	var here, there syscall.Stat_t
	if syscall.Stat(z.opts.Load().Dir, &here) != nil || syscall.Stat(temp, &there) != nil || here.Dev == there.Dev {
		t.Log("not tested: it is the same file system")
		return
	}
	for _, size := range []int{10, MaxContent + 1} {
		q := query(o, "key")
		q.Temp = &diskfile.TempPath{Dir: temp}
		body := strings.Repeat("x", size)
		store(t, z, q, "HEAD", body)
		for _, z := range []*Zone{z, again(t, z, nil)} {
			if got := fetch(z, q); got != "200 HEAD "+body {
				t.Errorf("%.80q", got)
			}
		}
		if info, err := os.Stat(string(z.opts.Load().appendPath(nil, &q.Key))); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(info, err)
		}
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
