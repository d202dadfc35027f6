package cache

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// openFiles is how many files below the zone's folder this process has open.
func openFiles(z *Zone) (n int) {
	names, _ := os.ReadDir("/proc/self/fd")
	for _, name := range names {
		if to, err := os.Readlink("/proc/self/fd/" + name.Name()); err == nil && strings.HasPrefix(to, z.opts.Load().Dir) {
			n++
		}
	}
	return n
}

// TestHotBounds: what is kept of entries is bounded in bytes and descriptors, and what is used goes
// last.
func TestHotBounds(t *testing.T) {
	z, o := newZone(t, func(o *Options) { o.ZoneSize = 128 << 10 })
	for i := range 20 {
		store(t, z, query(o, fmt.Sprint("key ", i)), "HEAD", strings.Repeat("x", 20<<10))
	}
	for i := range 20 {
		fetch(z, query(o, "key 0"))
		fetch(z, query(o, fmt.Sprint("key ", i)))
		if z.hot.bytes > z.hot.limit {
			t.Fatalf("%d bytes in memory", z.hot.bytes)
		}
	}
	n := z.index.shard(&query(o, "key 0").Key).nodes[query(o, "key 0").Key]
	if n.image == nil {
		t.Error("what is used all the time was dropped")
	}
	z, o = newZone(t, nil)
	for i := range 3 * maxDescriptors {
		q := query(o, fmt.Sprint("key ", i))
		store(t, z, q, "HEAD", strings.Repeat("x", MaxContent+1))
		if got := fetch(z, q); !strings.HasPrefix(got, "200") {
			t.Fatal(got, o.log())
		}
		if z.hot.files > maxDescriptors {
			t.Fatalf("%d descriptors", z.hot.files)
		}
	}
	if n := openFiles(z); n != maxDescriptors {
		t.Errorf("%d files are open, want %d, %d", n, maxDescriptors, z.hot.files)
	}
	var all []*image
	for i := z.hot.root.next; i != &z.hot.root; i = i.next {
		all = append(all, i)
	}
	for i := range 3 * maxDescriptors {
		q := query(o, fmt.Sprint("key ", i))
		z.Purge(o, q.Key)
	}
	if n := openFiles(z); n != 0 || z.hot.files != 0 || z.hot.bytes != 0 || len(all) != maxDescriptors {
		t.Errorf("%d files are open after all was purged; %d, %d", n, z.hot.files, z.hot.bytes)
	}
}

// TestIdleDescriptor: a file that nobody asks for does not stay open.
func TestIdleDescriptor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, func(o *Options) { o.Inactive = time.Hour })
		z.Start(*z.opts.Load())
		q := query(o, "key")
		store(t, z, q, "HEAD", strings.Repeat("x", MaxContent+1))
		fetch(z, q)
		synctest.Wait() // for the loader, which opens folders
		if n := openFiles(z); n != 1 {
			t.Errorf("%d files are open", n)
		}
		time.Sleep(2*idleDescriptor + time.Second)
		synctest.Wait()
		if n := openFiles(z); n != 0 {
			t.Errorf("%d files are open", n)
		}
	})
}

// TestHotAllocates: an entry in memory is opened without an allocation.
func TestHotAllocates(t *testing.T) {
	z, o := newZone(t, nil)
	q := query(o, "key")
	store(t, z, q, "HEAD", "body")
	var r Ref
	var e Entry
	if n := testing.AllocsPerRun(100, func() {
		if z.Open(&r, q, &e) != Found || e.Body == nil {
			t.Fatal("not in memory")
		}
		e.Close()
		r.Release()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestTogether: many requests for few keys, which are stored, purged, refreshed, edited and removed
// meanwhile: whoever finds an entry finds one whole one.
func TestTogether(t *testing.T) {
	z, _ := newZone(t, func(o *Options) { o.ZoneSize = 16 << 10; o.MaxSize = 1 << 20 })
	z.Start(*z.opts.Load())
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			o := new(owner)
			for i := range 400 {
				k := (g*7 + i) % 90
				size := k * 600
				q := query(o, fmt.Sprint("key ", k))
				want := fmt.Sprintf("200 HEAD %d ", k)
				switch i % 13 {
				case 0:
					z.Purge(o, q.Key)
				case 1:
					os.Remove(string(z.opts.Load().appendPath(nil, &q.Key)))
				case 2:
					if i%5 == 0 {
						z.PurgePrefix(o, q.Text)
					}
				case 3:
					var r Ref
					var e Entry
					if z.Open(&r, q, &e) == Found {
						r.Refresh(o, &e, Freshness{Valid: int64(i)})
						e.Close()
					}
					r.Release()
				default:
					got := fetch(z, q)
					if got == "miss" {
						tryStore(z, q, fmt.Sprintf("HEAD %d", k), strings.Repeat("x", size))
					} else if !strings.HasPrefix(got, want) || len(got) != len(want)+size {
						t.Errorf("key %d: %.80q, %d bytes", k, got, len(got))
						return
					}
				}
			}
			for _, line := range strings.Split(o.log(), "\n") {
				if line != "" && !strings.Contains(line, "unlink()") {
					t.Error(line)
				}
			}
		})
	}
	all.Wait()
	z.Close()
	if z.hot.bytes > z.hot.limit || z.hot.files > maxDescriptors || z.index.count.Load() > z.index.max {
		t.Errorf("%d bytes, %d descriptors, %d keys", z.hot.bytes, z.hot.files, z.index.count.Load())
	}
}

// tryStore is store where the index may be full.
func tryStore(z *Zone, q *Query, head, body string) {
	var r Ref
	var e Entry
	var f Fill
	defer r.Release()
	z.Open(&r, q, &e)
	e.Close()
	if r.Create(&f, q, &Meta{Status: 200}, []byte(head)) {
		_, _ = f.Write([]byte(body))
		f.Commit()
	}
}

func BenchmarkOpenHot(b *testing.B) {
	z, o := newZone(b, nil)
	q := query(o, "key")
	store(b, z, q, "HEAD", "body")
	b.ReportAllocs()
	var r Ref
	var e Entry
	for b.Loop() {
		z.Open(&r, q, &e)
		e.Close()
		r.Release()
	}
}

// BenchmarkOpenLarge is an entry that is sent from a descriptor.
func BenchmarkOpenLarge(b *testing.B) {
	z, o := newZone(b, nil)
	q := query(o, "key")
	store(b, z, q, "HEAD", strings.Repeat("x", 1<<20))
	b.ReportAllocs()
	var r Ref
	var e Entry
	for b.Loop() {
		z.Open(&r, q, &e)
		e.Close()
		r.Release()
	}
}

// BenchmarkOpenCold reads the file each time.
func BenchmarkOpenCold(b *testing.B) {
	z, o := newZone(b, nil)
	z.hot.limit = 0
	q := query(o, "key")
	store(b, z, q, "HEAD", strings.Repeat("x", 1000))
	b.ReportAllocs()
	var r Ref
	var e Entry
	for b.Loop() {
		z.Open(&r, q, &e)
		e.Close()
		r.Release()
	}
}

func BenchmarkStore(b *testing.B) {
	z, o := newZone(b, nil)
	q := query(o, "key")
	body := strings.Repeat("x", 1000)
	b.ReportAllocs()
	for b.Loop() {
		tryStore(z, q, "HEAD", body)
	}
}
