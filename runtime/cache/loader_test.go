package cache

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// again is a zone on the same files, as of the next process.
func again(t *testing.T, z *Zone, change func(*Options)) *Zone {
	o := *z.opts.Load()
	if change != nil {
		change(&o)
	}
	next := NewZone("test", o)
	t.Cleanup(next.Close)
	return next
}

// TestCold: before the loader has seen a file it is found by its name.
func TestCold(t *testing.T) {
	z, o := newZone(t, nil)
	fill(t, z, o, 0, 3)
	size := z.blocks.Load()
	next := again(t, z, nil)
	if got := cached(next, o, 0, 4); got != "0 1 2 " || next.blocks.Load() != size {
		t.Errorf("%q, %d blocks, want %d", got, next.blocks.Load(), size)
	}
	q := query(o, "key 1")
	q.MinUses = 5
	next = again(t, z, nil)
	if got := fetch(next, q); got != "200 HEAD body" {
		t.Errorf("min_uses=5: %s", got)
	}
	next.cold.Store(false)
	if got := cached(next, o, 0, 3); got != "1 " {
		t.Errorf("%q when all was loaded", got)
	}
}

func TestLoader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, nil)
		fill(t, z, o, 0, 30)
		size := z.blocks.Load() * z.block
		next := again(t, z, func(o *Options) { o.Loader = Pace{Files: 10, Sleep: time.Second, Threshold: time.Hour} })
		next.Start(*next.opts.Load())
		synctest.Wait()
		if n := next.index.count.Load(); n != 10 || !next.Stats().Cold {
			t.Errorf("%d keys after loader_files=10, %+v", n, next.Stats())
		}
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if s := next.Stats(); s.Keys != 30 || s.Cold || s.Size != size {
			t.Errorf("%+v, want 30 keys, %d bytes", s, size)
		}
		if got := cached(next, o, 0, 30); strings.Count(got, " ") != 30 {
			t.Errorf("%q", got)
		}
	})
}

// TestLoaderLeaves: what is no entry is left alone, but for the remains of entries.
func TestLoaderLeaves(t *testing.T) {
	z, o := newZone(t, nil)
	q := query(o, "key")
	store(t, z, q, "HEAD", "body")
	path := string(z.opts.Load().appendPath(nil, &q.Key))
	dir := filepath.Dir(path)
	old := time.Now().Add(-2 * abandoned)
	kept := []string{
		filepath.Join(z.opts.Load().Dir, "index.html"), filepath.Join(dir, "readme"), path + ".0000000001",
		filepath.Join(dir, strings.Repeat("0", keyDigits-1)+"g"), filepath.Join(dir, strings.Repeat("0", keyDigits)),
	}
	removed := []string{path + ".0000000002", path[:len(path)-keyDigits] + "0" + path[len(path)-keyDigits+1:]}
	for i, name := range append(kept, removed...) {
		if name == path {
			t.Fatal("the entry itself")
		}
		if err := os.WriteFile(name, []byte("text"), 0o600); err != nil {
			t.Fatal(err)
		}
		if i >= len(kept) {
			_ = os.Chtimes(name, old, old)
		}
	}
	next := again(t, z, nil)
	next.Start(*next.opts.Load())
	for deadline := time.Now().Add(time.Minute); next.Stats().Cold && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	for _, name := range append(kept, path) {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("%v", err)
		}
	}
	for _, name := range removed {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	if s := next.Stats(); s.Keys != 1 {
		t.Errorf("%+v", s)
	}
}

// TestLoaderFull: files for which the index has no room are removed, as in nginx.
func TestLoaderFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, nil)
		fill(t, z, o, 0, 100)
		next := again(t, z, func(o *Options) { o.ZoneSize = 16 << 10 })
		next.Start(*next.opts.Load())
		time.Sleep(5 * time.Second)
		// The manager may have come already, for which an eighth is to be free.
		if n, most := files(t, z), int(next.index.max); n > most || n < most*3/4 || next.index.count.Load() != int64(n) {
			t.Errorf("%d files, %d keys, want at most %d", n, next.index.count.Load(), most)
		}
	})
}
