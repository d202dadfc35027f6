package cache

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// files is how many entries there are on disk.
func files(t *testing.T, z *Zone) (n int) {
	t.Helper()
	err := filepath.Walk(z.opts.Load().Dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func fill(t *testing.T, z *Zone, o *owner, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		store(t, z, query(o, fmt.Sprint("key ", i)), "HEAD", "body")
	}
}

// cached lists which of the keys from..to are cached.
func cached(z *Zone, o *owner, from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		if strings.HasPrefix(fetch(z, query(o, fmt.Sprint("key ", i))), "200") {
			fmt.Fprint(&b, i, " ")
		}
	}
	return b.String()
}

func TestInactive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, func(o *Options) { o.Inactive = 30 * time.Second })
		z.Start(*z.opts.Load())
		fill(t, z, o, 0, 10)
		time.Sleep(20 * time.Second)
		if got := cached(z, o, 3, 5); got != "3 4 " {
			t.Errorf("%q after 20 s", got)
		}
		time.Sleep(21 * time.Second)
		if n := files(t, z); n != 2 || z.index.count.Load() != 2 {
			t.Errorf("%d files, %d keys after 41 s", n, z.index.count.Load())
		}
		time.Sleep(20 * time.Second)
		if s := z.Stats(); files(t, z) != 0 || s.Keys != 0 || s.Size != 0 {
			t.Errorf("%d files, %+v after 61 s", files(t, z), s)
		}
	})
}

// TestMaxSize: the least recently used entries go, manager_files at a time.
func TestMaxSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, func(o *Options) { o.Manager.Files, o.Manager.Sleep = 2, 5*time.Second })
		block := blockSize(z.opts.Load().Dir)
		next := *z.opts.Load()
		next.MaxSize = 5 * block
		z.Start(next)
		synctest.Wait()
		fill(t, z, o, 0, 3)
		time.Sleep(time.Second)
		fill(t, z, o, 3, 10)
		time.Sleep(time.Second)
		if got := cached(z, o, 0, 1); got != "0 " || z.Stats().Size != 10*block {
			t.Errorf("%q, %+v", got, z.Stats())
		}
		time.Sleep(9 * time.Second)
		if n := files(t, z); n != 8 {
			t.Errorf("%d files after the first run", n)
		}
		time.Sleep(15 * time.Second)
		if n := files(t, z); n != 4 || z.Stats().Size != 4*block {
			t.Errorf("%d files, %+v at the end", n, z.Stats())
		}
		if got := cached(z, o, 0, 10); !strings.Contains(got, "0 ") || strings.Contains(got, "1 ") || strings.Contains(got, "2 ") {
			t.Errorf("%q are left", got)
		}
	})
}

// TestKeysZone: the number of keys is bounded. The oldest that nobody uses goes; when all are
// used the response is not stored.
func TestKeysZone(t *testing.T) {
	for size, want := range map[int64]int64{8 << 10: 1, 16 << 10: 63, 1 << 20: 8063, 10 << 20: 81000} {
		if got := capacity(size); got < want || got > want+want/50+40 {
			t.Errorf("a zone of %d bytes holds %d keys, want about %d", size, got, want)
		}
	}
	z, o := newZone(t, func(o *Options) { o.ZoneSize = 16 << 10 })
	limit := int(z.index.max)
	fill(t, z, o, 0, limit+10)
	if n := files(t, z); n != limit || z.index.count.Load() != int64(limit) {
		t.Errorf("%d files, %d keys, want %d", n, z.index.count.Load(), limit)
	}
	if got := cached(z, o, 10, 13) + cached(z, o, 0, 1); got != "10 11 12 " {
		t.Errorf("%q are left of the first ones", got)
	}
	held := make([]Ref, limit)
	var e Entry
	for i := range held {
		z.Open(&held[i], query(o, fmt.Sprint("held ", i)), &e)
	}
	if got := fetch(z, query(o, "one more")); got != "scarce" {
		t.Error(got, "with all keys in use")
	}
	for i := range held {
		held[i].Release()
	}
	if got := fetch(z, query(o, "one more")); got != "miss" || z.index.count.Load() != 0 {
		t.Error(got, z.index.count.Load())
	}
}

// TestWatermark: once the index was full the manager keeps an eighth of it free.
func TestWatermark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, func(o *Options) { o.ZoneSize = 16 << 10 })
		z.Start(*z.opts.Load())
		fill(t, z, o, 0, int(z.index.max)+1)
		time.Sleep(11 * time.Second)
		if n, most := files(t, z), int(z.index.max-z.index.max/8); n >= most {
			t.Errorf("%d files, want fewer than %d", n, most)
		}
	})
}

func TestMinFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, func(o *Options) { o.MinFree = 1 << 60 })
		fill(t, z, o, 0, 5)
		z.Start(*z.opts.Load())
		synctest.Wait()
		if n := files(t, z); n != 0 {
			t.Errorf("%d files on a full disk", n)
		}
		next := *z.opts.Load()
		next.MinFree = 1
		z.Start(next)
		fill(t, z, o, 0, 5)
		time.Sleep(time.Minute)
		if n := files(t, z); n != 5 {
			t.Errorf("%d files, want 5", n)
		}
	})
}
