package log

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// put writes a line through the cache and reports whether the file stayed open.
func put(t *testing.T, c *pathCache, path, line string) (kept bool) {
	t.Helper()
	w := &writer{cache: c}
	fd, entry, err := w.open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeAll(fd, []byte(line)); err != nil {
		t.Fatal(err)
	}
	if entry == nil {
		if err := os.NewFile(uintptr(fd), path).Close(); err != nil {
			t.Fatal(err)
		}
		return false
	}
	c.done(entry)
	return true
}

func TestPathCacheMinUses(t *testing.T) {
	c := newPathCache(cacheOptions{max: 3, minUses: 2, inactive: 60, valid: 60})
	defer c.close()
	path := filepath.Join(t.TempDir(), "a.log")
	if put(t, c, path, "1\n") {
		t.Error("the first use kept the file open")
	}
	if !put(t, c, path, "2\n") {
		t.Error("the second use did not keep the file open")
	}
	put(t, c, path, "3\n")
	if b, err := os.ReadFile(path); err != nil || string(b) != "1\n2\n3\n" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestPathCacheMax(t *testing.T) {
	c := newPathCache(cacheOptions{max: 2, minUses: 1, inactive: 60, valid: 60})
	defer c.close()
	dir := t.TempDir()
	for i := range 5 {
		put(t, c, filepath.Join(dir, fmt.Sprint(i)), "x\n")
		put(t, c, filepath.Join(dir, "0"), "x\n")
	}
	if n := len(c.paths); n != 2 {
		t.Errorf("%d files open, want 2", n)
	}
	if c.paths[filepath.Join(dir, "0")] == nil {
		t.Error("the file in constant use was dropped")
	}
}

func TestPathCacheRotation(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.log")
	for _, tc := range []struct {
		name  string
		valid int64
		want  string // in the new file
	}{
		{"valid", 60, ""},
		{"checked at each use", 0, "2\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newPathCache(cacheOptions{max: 2, minUses: 1, inactive: 60, valid: tc.valid})
			defer c.close()
			put(t, c, path, "1\n")
			if err := os.Rename(path, path+".old"); err != nil {
				t.Fatal(err)
			}
			put(t, c, path, "2\n")
			b, err := os.ReadFile(path)
			if err != nil && tc.want != "" || string(b) != tc.want {
				t.Errorf("%q, %v; want %q", b, err, tc.want)
			}
			_ = os.Remove(path)
		})
	}
}

// TestPathCacheDropInUse drops a file while somebody writes to it.
func TestPathCacheDropInUse(t *testing.T) {
	c := newPathCache(cacheOptions{max: 1, minUses: 1, inactive: 60, valid: 60})
	dir := t.TempDir()
	fd, entry, err := c.open(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, c, filepath.Join(dir, "b"), "x\n")
	c.close()
	if err := writeAll(fd, []byte("late\n")); err != nil {
		t.Errorf("the file was closed under its user: %v", err)
	}
	c.done(entry)
	if entry.fd != -1 {
		t.Error("the last user left the file open")
	}
	if b, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(b) != "late\n" {
		t.Errorf("%q, %v", b, err)
	}
}
