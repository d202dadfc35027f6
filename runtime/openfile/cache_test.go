package openfile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// settle waits until the inodes made so far have settled: the test's clock is the
// file system's, which no fake time moves.
func settle(t testing.TB, path string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		var info Info
		if e := NewCache(-1).Open([]byte(path), &Options{}, &info); e != 0 {
			t.Fatalf("open %s: %v", path, e)
		}
		st := info.st
		st.Size = 0 // of any size
		ok := cacheable(&st)
		info.Close()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not settle", path)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// openFDs counts the process's descriptors of files below dir.
func openFDs(t testing.TB, dir string) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0 // nothing to count with
	}
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil || len(fds) == 0 {
		t.Fatalf("no /proc: %v", err)
	}
	n := 0
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, dir) {
			n++
		}
	}
	return n
}

// get opens path and returns what a client would be sent.
func get(t testing.TB, c *Cache, path string, o *Options) (body string, cached bool) {
	t.Helper()
	var info Info
	if e := c.Open([]byte(path), o, &info); e != 0 {
		t.Fatalf("open %s: %v", path, e)
	}
	defer info.Close()
	if info.Content != nil {
		return string(info.Content), true
	}
	if info.FD < 0 {
		return "", false
	}
	return string(readAll(info.FD, info.Size)), false
}

func TestEditIsSeenByTheNextRequest(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	c := NewCache(0)
	replace := func(text string) {
		write(t, path+".new", text)
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []struct {
		name string
		do   func(text string)
	}{
		{"create", func(s string) { write(t, path, s) }},
		{"overwrite, same size", func(s string) { write(t, path, s) }},
		{"replace", replace},
		{"restored mtime", func(s string) {
			st, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			write(t, path, s)
			if err := os.Chtimes(path, st.ModTime(), st.ModTime()); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		text := fmt.Sprintf("%-30s", s.name)
		s.do(text)
		if got, cached := get(t, c, path, &Options{}); got != text || cached {
			t.Errorf("%s, at once: got %q cached=%v", s.name, got, cached)
		}
		settle(t, path)
		for i := range 2 {
			if got, cached := get(t, c, path, &Options{}); got != text || !cached {
				t.Errorf("%s, settled, %d: got %q cached=%v", s.name, i, got, cached)
			}
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	var info Info
	if e := c.Open([]byte(path), &Options{}, &info); e != syscall.ENOENT || info.Failed != "open()" {
		t.Errorf("removed: got %v from %s", e, info.Failed)
	}
	if n := c.Bytes(); n != 0 {
		t.Errorf("%d bytes of a removed file stay", n)
	}
}

func TestResults(t *testing.T) {
	dir := t.TempDir()
	small, large, empty, sub := filepath.Join(dir, "s"), filepath.Join(dir, "l"), filepath.Join(dir, "e"), filepath.Join(dir, "d")
	write(t, small, "hello")
	write(t, large, strings.Repeat("x", MaxContent+1))
	write(t, empty, "")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(dir, "p")
	if err := syscall.Mkfifo(fifo, 0o644); err != nil {
		t.Fatal(err)
	}
	when := time.Unix(0x5e0be100, 0)
	if err := os.Chtimes(small, when, when); err != nil {
		t.Fatal(err)
	}
	settle(t, small)
	files := NewFileCache(100, time.Minute)
	defer files.Close()
	for _, mode := range []struct {
		name string
		o    Options
	}{
		{"plain", Options{}},
		{"open_file_cache", Options{Files: files, Valid: time.Minute, MinUses: 1}},
		{"disable_symlinks", Options{Symlinks: SymlinksDenied, SymlinksFrom: len(dir)}},
	} {
		c := NewCache(0)
		noLinks := mode.o.Symlinks != SymlinksAllowed
		for _, f := range []struct {
			path                string
			content, fd         bool
			file, dir, testDir  bool
			size                int64
			etag, date, failure string
		}{
			{path: small, content: !noLinks, fd: noLinks, file: true, size: 5, etag: `"5e0be100-5"`, date: "Wed, 01 Jan 2020 00:00:00 GMT"},
			{path: large, fd: true, file: true, size: MaxContent + 1},
			{path: empty, content: !noLinks, fd: noLinks, file: true},
			{path: sub, dir: true, size: -1},
			{path: sub, dir: true, testDir: true, size: -1},
			{path: fifo, fd: true},
		} {
			for range 2 {
				var info Info
				o := mode.o
				o.TestDir = f.testDir
				if e := c.Open([]byte(f.path), &o, &info); e != 0 {
					t.Fatalf("%s: %s: %v", mode.name, f.path, e)
				}
				if (info.Content != nil) != f.content || (info.FD >= 0) != f.fd {
					t.Errorf("%s: %s: content %v, fd %d", mode.name, f.path, info.Content != nil, info.FD)
				}
				if info.IsDir() != f.dir || info.IsFile() != f.file || f.size >= 0 && info.Size != f.size {
					t.Errorf("%s: %s: dir %v, file %v, size %d", mode.name, f.path, info.IsDir(), info.IsFile(), info.Size)
				}
				if f.etag != "" && (string(info.ETag()) != f.etag || string(info.LastModified()) != f.date) {
					t.Errorf("%s: %s: etag %s, date %s", mode.name, f.path, info.ETag(), info.LastModified())
				}
				info.Close()
			}
		}
	}
	files.Close()
	if n := openFDs(t, dir); n != 0 {
		t.Errorf("%d descriptors are left open", n)
	}
}

func TestFailures(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "f"), "x")
	c := NewCache(0)
	for _, f := range []struct {
		name, path string
		o          Options
		err        syscall.Errno
		call       string
	}{
		{"missing", dir + "/x", Options{}, syscall.ENOENT, "open()"},
		{"missing, stat", dir + "/x", Options{TestOnly: true}, syscall.ENOENT, "stat()"},
		{"missing, directory expected", dir + "/x", Options{TestDir: true}, syscall.ENOENT, "stat()"},
		{"missing, no links", dir + "/x", Options{Symlinks: SymlinksDenied, SymlinksFrom: len(dir)}, syscall.ENOENT, "openat()"},
		{"missing start", "/nonexistent/x", Options{Symlinks: SymlinksDenied, SymlinksFrom: len("/nonexistent")}, syscall.ENOENT, "open()"},
		{"below a file", dir + "/f/x", Options{}, syscall.ENOTDIR, "open()"},
		{"too long", dir + "/" + strings.Repeat("x", 300), Options{}, syscall.ENAMETOOLONG, "open()"},
		{"empty", "", Options{}, syscall.ENOENT, "open()"},
		{"NUL inside", dir + "/f\x00", Options{}, syscall.ENOENT, "open()"},
	} {
		var info Info
		if e := c.Open([]byte(f.path), &f.o, &info); e != f.err || info.Err != f.err || info.Failed != f.call {
			t.Errorf("%s: got %v from %s, want %v from %s", f.name, e, info.Failed, f.err, f.call)
		}
		info.Close()
	}
}

func TestTestOnlyOpensNothing(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "f"), "x")
	var info Info
	if e := NewCache(0).Open([]byte(filepath.Join(dir, "f")), &Options{TestOnly: true}, &info); e != 0 {
		t.Fatal(e)
	}
	defer info.Close()
	if !info.IsFile() || info.FD >= 0 || info.Content != nil || openFDs(t, dir) != 0 {
		t.Errorf("got fd %d, content %v", info.FD, info.Content)
	}
}

func TestEvictionKeepsTheBound(t *testing.T) {
	dir := t.TempDir()
	const limit = 16 * 4096
	c := NewCache(limit)
	body := strings.Repeat("x", 1000)
	var last string
	for i := range 200 {
		last = filepath.Join(dir, fmt.Sprint(i))
		write(t, last, body)
	}
	settle(t, last)
	for i := range 200 {
		if got, _ := get(t, c, filepath.Join(dir, fmt.Sprint(i)), &Options{}); got != body {
			t.Fatalf("file %d: %d bytes", i, len(got))
		}
		if n := c.Bytes(); n > limit {
			t.Fatalf("%d bytes cached, limit %d", n, limit)
		}
	}
	if c.Bytes() == 0 {
		t.Error("nothing is cached")
	}
	if got, cached := get(t, NewCache(-1), last, &Options{}); got != body || cached {
		t.Error("a cache of no bytes caches")
	}
	if n := openFDs(t, dir); n != 0 {
		t.Errorf("%d descriptors are left open", n)
	}
}

func TestEvictionSparesUsedFiles(t *testing.T) {
	s := &shard{files: map[string]*cached{}, max: 3 * (overhead + 10)}
	for _, p := range []string{"/a", "/b", "/c"} {
		s.put([]byte(p), &file{fd: -1, content: make([]byte, 8)})
	}
	s.get([]byte("/a")).used.Store(true)
	s.put([]byte("/d"), &file{fd: -1, content: make([]byte, 8)})
	for p, want := range map[string]bool{"/a": true, "/b": false, "/c": true, "/d": true} {
		if got := s.get([]byte(p)) != nil; got != want {
			t.Errorf("%s cached: %v, want %v", p, got, want)
		}
	}
}

func TestConcurrentEditsAndReaders(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	write(t, path, strings.Repeat("a", 100))
	settle(t, path)
	c := NewCache(0)
	files := NewFileCache(4, time.Minute)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for g := range 4 {
		o := Options{}
		if g%2 == 1 {
			o = Options{Files: files, MinUses: 1 + g/2} // valid for no time: always looked at
		}
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				body, _ := get(t, c, path, &o)
				if len(body) != 100 || strings.Trim(body, body[:1]) != "" {
					t.Errorf("mixed contents %q", body)
					return
				}
			}
		})
	}
	for i := range 100 {
		write(t, path+".new", string(bytes.Repeat([]byte{byte('a' + i%26)}, 100)))
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	wg.Wait()
	files.Close()
	if n := openFDs(t, dir); n != 0 {
		t.Errorf("%d descriptors are left open", n)
	}
}

func TestNoAllocations(t *testing.T) {
	dir := t.TempDir()
	small, large := filepath.Join(dir, "s"), filepath.Join(dir, "l")
	write(t, small, "hello")
	write(t, large, strings.Repeat("x", MaxContent+1))
	settle(t, large)
	files := NewFileCache(10, time.Minute)
	defer files.Close()
	c := NewCache(0)
	var info Info
	for _, f := range []struct {
		name, path string
		o          Options
	}{
		{"contents", small, Options{}},
		{"descriptor", large, Options{}},
		{"missing", dir + "/x", Options{}},
		{"open_file_cache contents", small, Options{Files: files, Valid: time.Minute, MinUses: 1}},
		{"open_file_cache descriptor", large, Options{Files: files, Valid: time.Minute, MinUses: 1}},
		{"open_file_cache directory", dir, Options{Files: files, Valid: time.Minute, MinUses: 1}},
		{"no links", small, Options{Symlinks: SymlinksDenied, SymlinksFrom: len(dir)}},
	} {
		path := []byte(f.path)
		if n := testing.AllocsPerRun(100, func() {
			if c.Open(path, &f.o, &info) == 0 {
				info.ETag()
				info.LastModified()
			}
			info.Close()
		}); n != 0 {
			t.Errorf("%s: %v allocations", f.name, n)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	small, large := filepath.Join(dir, "s"), filepath.Join(dir, "l")
	write(b, small, strings.Repeat("x", 1024))
	write(b, large, strings.Repeat("x", MaxContent+1))
	settle(b, large)
	files := NewFileCache(10, time.Minute)
	defer files.Close()
	c := NewCache(0)
	for _, f := range []struct {
		name, path string
		o          Options
	}{
		{"content", small, Options{}},
		{"nocontent", small, Options{NoContent: true}},
		{"large", large, Options{}},
		{"missing", dir + "/x", Options{}},
		{"file_cache_content", small, Options{Files: files, Valid: time.Minute, MinUses: 1}},
		{"file_cache_fd", large, Options{Files: files, Valid: time.Minute, MinUses: 1}},
		{"no_links", small, Options{Symlinks: SymlinksDenied, SymlinksFrom: len(dir)}},
	} {
		b.Run(f.name, func(b *testing.B) {
			var info Info
			path := []byte(f.path)
			b.ReportAllocs()
			for b.Loop() {
				c.Open(path, &f.o, &info)
				info.Close()
			}
		})
	}
}
