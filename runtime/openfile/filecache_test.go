package openfile

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// The bubbles of these tests begin in the year 2000, which makes every inode look
// unsettled: the entries hold descriptors, as in nginx.

func inBubble(t *testing.T, limit int, inactive time.Duration, f func(t *testing.T, dir string, files *FileCache)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		files := NewFileCache(limit, inactive)
		f(t, dir, files)
		files.Close()
		if n := openFDs(t, dir); n != 0 {
			t.Errorf("%d descriptors are left open", n)
		}
	})
}

func TestValid(t *testing.T) {
	inBubble(t, 10, time.Hour, func(t *testing.T, dir string, files *FileCache) {
		c := NewCache(0)
		o := &Options{Files: files, Valid: 30 * time.Second, MinUses: 1}
		path := filepath.Join(dir, "f")
		write(t, path, "old")
		get(t, c, path, o)
		write(t, path+".new", "newer")
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(29 * time.Second)
		if got, _ := get(t, c, path, o); got != "old" {
			t.Errorf("while valid: %q", got)
		}
		time.Sleep(time.Second)
		if got, _ := get(t, c, path, o); got != "newer" {
			t.Errorf("no longer valid: %q", got)
		}
		if n := openFDs(t, dir); n != 1 {
			t.Errorf("%d descriptors are open, want 1", n)
		}
	})
}

func TestUnchangedFileKeepsItsDescriptor(t *testing.T) {
	inBubble(t, 10, time.Hour, func(t *testing.T, dir string, files *FileCache) {
		c := NewCache(0)
		o := &Options{Files: files, Valid: time.Second, MinUses: 1}
		path := filepath.Join(dir, "f")
		write(t, path, "x")
		var a, b Info
		c.Open([]byte(path), o, &a)
		time.Sleep(time.Minute)
		c.Open([]byte(path), o, &b)
		if a.FD != b.FD || a.FD < 0 {
			t.Errorf("descriptors %d and %d", a.FD, b.FD)
		}
		a.Close()
		files.Close()
		if got := string(readAll(b.FD, b.Size)); got != "x" {
			t.Errorf("the cache closed a file in use: %q", got)
		}
		b.Close()
	})
}

func TestMinUses(t *testing.T) {
	inBubble(t, 10, time.Hour, func(t *testing.T, dir string, files *FileCache) {
		c := NewCache(0)
		o := &Options{Files: files, Valid: time.Minute, MinUses: 3}
		path := filepath.Join(dir, "f")
		write(t, path, "x")
		for use := 1; use <= 4; use++ {
			get(t, c, path, o)
			want := 0
			if use >= 3 {
				want = 1
			}
			if n := openFDs(t, dir); n != want {
				t.Errorf("after use %d: %d descriptors are open, want %d", use, n, want)
			}
		}
	})
}

func TestErrors(t *testing.T) {
	for _, cacheErrors := range []bool{false, true} {
		inBubble(t, 10, time.Hour, func(t *testing.T, dir string, files *FileCache) {
			c := NewCache(0)
			o := &Options{Files: files, Valid: time.Minute, MinUses: 1, Errors: cacheErrors}
			path := filepath.Join(dir, "f")
			var info Info
			if e := c.Open([]byte(path), o, &info); e != syscall.ENOENT {
				t.Fatalf("missing: %v", e)
			}
			write(t, path, "x")
			want := syscall.Errno(0)
			if cacheErrors {
				want = syscall.ENOENT
			}
			if e := c.Open([]byte(path), o, &info); e != want || cacheErrors && info.Failed != "open()" {
				t.Errorf("errors %v: got %v from %q, want %v", cacheErrors, e, info.Failed, want)
			}
			time.Sleep(time.Minute)
			if e := c.Open([]byte(path), o, &info); e != 0 {
				t.Errorf("errors %v, expired: %v", cacheErrors, e)
			}
			info.Close()
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if e := c.Open([]byte(path), o, &info); e != syscall.ENOENT {
				t.Errorf("removed: %v", e)
			}
			if n := openFDs(t, dir); n != 0 {
				t.Errorf("errors %v: a removed file stays open", cacheErrors)
			}
			if n := files.Len(); (n == 1) != cacheErrors {
				t.Errorf("errors %v: %d entries", cacheErrors, n)
			}
		})
	}
}

func TestMaxDropsTheLeastRecentlyUsed(t *testing.T) {
	inBubble(t, 2, time.Hour, func(t *testing.T, dir string, files *FileCache) {
		c := NewCache(0)
		o := &Options{Files: files, Valid: time.Minute, MinUses: 1}
		for _, n := range []string{"a", "b", "a", "c"} {
			path := filepath.Join(dir, n)
			write(t, path, n)
			get(t, c, path, o)
		}
		for n, want := range map[string]bool{"a": true, "b": false, "c": true} {
			if got := files.entries[filepath.Join(dir, n)] != nil; got != want {
				t.Errorf("%s cached: %v, want %v", n, got, want)
			}
		}
		if n := openFDs(t, dir); n != 2 {
			t.Errorf("%d descriptors are open, want 2", n)
		}
	})
}

func TestInactive(t *testing.T) {
	inBubble(t, 100, 20*time.Second, func(t *testing.T, dir string, files *FileCache) {
		c := NewCache(0)
		o := &Options{Files: files, Valid: time.Hour, MinUses: 1}
		for i := range 5 {
			path := filepath.Join(dir, fmt.Sprint(i))
			write(t, path, "x")
			get(t, c, path, o)
		}
		time.Sleep(21 * time.Second)
		get(t, c, filepath.Join(dir, "4"), o)
		if n := files.Len(); n != 3 {
			t.Errorf("%d entries, want 3: each use drops at most two", n)
		}
		get(t, c, filepath.Join(dir, "4"), o)
		if n := files.Len(); n != 1 {
			t.Errorf("%d entries, want 1", n)
		}
	})
}

func TestDirectoryBecomesFile(t *testing.T) {
	inBubble(t, 10, time.Hour, func(t *testing.T, dir string, files *FileCache) {
		c := NewCache(0)
		o := &Options{Files: files, Valid: time.Second, MinUses: 1}
		path := filepath.Join(dir, "d")
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		var info Info
		if e := c.Open([]byte(path), o, &info); e != 0 || !info.IsDir() {
			t.Fatalf("got %v", e)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		write(t, path, "file now")
		time.Sleep(time.Second)
		if got, _ := get(t, c, path, o); got != "file now" {
			t.Errorf("got %q", got)
		}
	})
}

// TestClosed: a cache whose configuration has gone keeps nothing open, though requests still use it.
func TestClosed(t *testing.T) {
	inBubble(t, 10, time.Hour, func(t *testing.T, dir string, files *FileCache) {
		c := NewCache(0)
		o := &Options{Files: files, Valid: time.Hour, MinUses: 1, Errors: true}
		path := filepath.Join(dir, "f")
		write(t, path, "here")
		get(t, c, path, o)
		files.Close()
		for range 2 {
			get(t, c, path, o)
			if n := openFDs(t, dir); n != 0 || files.Len() != 0 {
				t.Errorf("%d descriptors, %d entries", n, files.Len())
			}
		}
		var info Info
		if e := c.Open([]byte(filepath.Join(dir, "missing")), o, &info); e != syscall.ENOENT || files.Len() != 0 {
			t.Errorf("%v, %d entries", e, files.Len())
		}
	})
}
