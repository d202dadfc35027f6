package cache

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPurge(t *testing.T) {
	z, o := newZone(t, nil)
	fill(t, z, o, 0, 3)
	q := query(o, "key 1")
	if !z.Purge(o, q.Key) || z.Purge(o, q.Key) {
		t.Error("what Purge reports is wrong")
	}
	if got := cached(z, o, 0, 3); got != "0 2 " || files(t, z) != 2 {
		t.Errorf("%q, %d files", got, files(t, z))
	}
	next := again(t, z, nil) // cold
	q = query(o, "key 2")
	if !next.Purge(o, q.Key) || cached(next, o, 0, 3) != "0 " {
		t.Error("not purged before it was loaded")
	}
}

// TestPurgeWhileFilled: what was asked for before a purge is not stored after it.
func TestPurgeWhileFilled(t *testing.T) {
	z, o := newZone(t, nil)
	q := query(o, "key")
	for name, purge := range map[string]func(){
		"key":    func() { z.Purge(o, q.Key) },
		"prefix": func() { z.PurgePrefix(o, []byte("k")) },
	} {
		var r Ref
		var e Entry
		var f Fill
		for _, early := range []bool{false, true} {
			z.Open(&r, q, &e)
			if early { // before the response has begun
				purge()
			}
			if !r.Create(&f, q, &Meta{Status: 200}, []byte("OLD")) {
				t.Fatal("not created")
			}
			if !early {
				purge()
			}
			f.Commit()
			r.Release()
			if got := fetch(z, q); got != "miss" {
				t.Errorf("%s, early %v: %s", name, early, got)
			}
		}
		store(t, z, q, "NEW", "")
		if got := fetch(z, q); got != "200 NEW " {
			t.Errorf("%s: %s", name, got)
		}
		z.Purge(o, q.Key)
	}
}

// TestPurgePrefix: all entries with the prefix are misses at once, also after a restart, and what is
// stored later is not.
func TestPurgePrefix(t *testing.T) {
	z, o := newZone(t, nil)
	fill(t, z, o, 0, 20)
	store(t, z, query(o, "other"), "HEAD", "body")
	fetch(z, query(o, "key 11")) // in memory
	z.PurgePrefix(o, []byte("key 1"))
	next := again(t, z, nil)
	next.learnPurges()
	for i, z := range []*Zone{z, next} {
		if got := cached(z, o, 0, 20); got != []string{"0 2 3 4 5 6 7 8 9 ", "0 1 2 3 4 5 6 7 8 9 "}[i] || fetch(z, query(o, "other")) == "miss" {
			t.Errorf("%q", got)
		}
		store(t, z, query(o, "key 1"), "HEAD", "body")
		if got := cached(z, o, 0, 3); got != "0 1 2 " {
			t.Errorf("%q after it was stored again", got)
		}
	}
	if err := os.WriteFile(z.opts.Load().Dir+purgeFile, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	next = again(t, z, nil)
	next.learnPurges()
	if got := cached(next, o, 0, 20); got != "" {
		t.Errorf("%q after the list of purges was damaged", got)
	}
}

// TestManyPurges: the list of purges is bounded.
func TestManyPurges(t *testing.T) {
	var p purges
	for i := range 3 * maxPatterns {
		p.put(p.next(), []byte(fmt.Sprintf("http://host/%d/", i)))
		if n := len(*p.list.Load()); n > maxPatterns {
			t.Fatalf("%d purges are kept", n)
		}
	}
	entry := func(text string) *image { return &image{layout: layout{gen: 1}, text: []byte(text)} }
	for text, want := range map[string]bool{"http://host/1/": true, "http://other/1/": false, fmt.Sprintf("http://host/%d/", 3*maxPatterns-1): true} {
		if got, _ := p.means(entry(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	p.put(p.next(), []byte("http://"))
	if n := len(*p.list.Load()); n != 1 {
		t.Errorf("%d purges where one means all", n)
	}
}

// TestPurger: purger=on removes the files; the purge is forgotten then.
func TestPurger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, func(o *Options) { o.Purge = true; o.Inactive = time.Hour })
		z.Start(*z.opts.Load())
		synctest.Wait()
		fill(t, z, o, 0, 30)
		time.Sleep(time.Second)
		z.PurgePrefix(o, []byte("key 1"))
		synctest.Wait()
		if n := files(t, z) - 1; n != 30-7 && (n > 29 || n < 20) {
			t.Errorf("%d files after the first iteration of 10", n)
		}
		time.Sleep(time.Second)
		if n := files(t, z); n != 19 || z.purge.pending() != 0 {
			t.Errorf("%d files, purge %d", n, z.purge.pending())
		}
		if got := cached(z, o, 0, 30); strings.Count(got, " ") != 19 {
			t.Errorf("%q", got)
		}
	})
}

// TestPurgeRetires: without the purger a purge is kept until no entry is left that it may mean.
func TestPurgeRetires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, func(o *Options) { o.Inactive = 5 * time.Minute })
		z.Start(*z.opts.Load())
		synctest.Wait()
		fill(t, z, o, 0, 12)
		time.Sleep(time.Second)
		z.PurgePrefix(o, []byte("key 1"))
		for range 4 {
			time.Sleep(time.Minute)
			cached(z, o, 5, 6)
		}
		if n := files(t, z); n != 12+1 || z.purge.pending() == 0 {
			t.Errorf("%d files, purge %d", n, z.purge.pending())
		}
		time.Sleep(3 * time.Minute)
		if n := files(t, z); n != 1 || z.purge.pending() != 0 || cached(z, o, 5, 6) != "5 " {
			t.Errorf("%d files, purge %d", n, z.purge.pending())
		}
	})
}

// TestPurgeVariants: a purge of a key is one of its variants, too.
func TestPurgeVariants(t *testing.T) {
	z, o := newZone(t, nil)
	q := query(o, "key")
	variant := query(o, "key")
	variant.Key = KeyOf([]byte("variant"))
	store(t, z, q, "MAIN", "body")
	store(t, z, variant, "VARIANT", "body")
	get := func() string {
		var r Ref
		var e Entry
		defer r.Release()
		if z.Open(&r, q, &e) != Found {
			return "miss"
		}
		variant.Epoch = e.Epoch
		e.Close()
		return fetch(z, variant)
	}
	if got := get(); got != "200 VARIANT body" {
		t.Error(got)
	}
	store(t, z, q, "MAIN", "newer body") // it expired
	if got := get(); got != "200 VARIANT body" {
		t.Errorf("%s after the main entry was stored again", got)
	}
	z.Purge(o, q.Key)
	store(t, z, q, "MAIN", "body")
	if got := get(); got != "miss" {
		t.Errorf("%s after a purge", got)
	}
	store(t, z, variant, "NEW", "body")
	if got := get(); got != "200 NEW body" {
		t.Error(got)
	}
}
