package cache

import (
	"testing"
	"testing/synctest"
	"time"
)

// While a binary is replaced two processes have the files of a cache. In these tests they are two zones.

// TestPaused: a process that takes no requests leaves the files alone, and finds out what there is
// when it goes on.
func TestPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, o := newZone(t, func(o *Options) { o.Inactive = 30 * time.Second })
		old.Start(*old.opts.Load())
		fill(t, old, o, 0, 10)
		next := again(t, old, func(o *Options) { o.Inactive = time.Hour })
		next.Start(*next.opts.Load())
		synctest.Wait()
		old.Pause()
		time.Sleep(time.Minute)
		if n := files(t, next); n != 10 {
			t.Errorf("%d files, want 10: the process that serves uses them", n)
		}
		fill(t, next, o, 10, 20)
		next.PurgePrefix(o, []byte("key 1"))
		size := next.blocks.Load()
		next.Close()
		old.Resume()
		synctest.Wait()
		if got := cached(old, o, 1, 12); got != "2 3 4 5 6 7 8 9 " {
			t.Errorf("%q, want what was not purged", got)
		}
		old.Resume()                                                                 // it is not paused any more
		if cached(old, o, 5, 6); old.blocks.Load() > size || files(t, old) != 17+1 { // what was not purged, and the purges
			t.Errorf("%d blocks of at most %d, %d files", old.blocks.Load(), size, files(t, old))
		}
		time.Sleep(45 * time.Second)
		if n := files(t, old); n != 1 {
			t.Errorf("%d files, want those that the other process has made to be removed, too", n)
		}
	})
}

// TestPausedLoader: a loader that is under way ends, and another one begins when the process goes on.
func TestPausedLoader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, o := newZone(t, nil)
		fill(t, first, o, 0, 20)
		z := again(t, first, func(o *Options) { o.Loader = Pace{Files: 1, Sleep: time.Second, Threshold: time.Hour} })
		z.Start(*z.opts.Load())
		time.Sleep(3 * time.Second)
		z.Pause()
		time.Sleep(time.Minute)
		if n := z.index.count.Load(); n > 5 || !z.cold.Load() {
			t.Errorf("%d keys, cold %v", n, z.cold.Load())
		}
		z.Resume()
		time.Sleep(time.Minute)
		if n := z.index.count.Load(); n != 20 || z.cold.Load() {
			t.Errorf("%d keys, cold %v", n, z.cold.Load())
		}
	})
}

// TestPurgesOfTwo: a purge of a prefix is known to the other process soon, and neither writes over
// what the other has purged.
func TestPurgesOfTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, o := newZone(t, nil)
		fill(t, one, o, 0, 4)
		two := again(t, one, nil)
		one.Start(*one.opts.Load())
		two.Start(*two.opts.Load())
		synctest.Wait()
		one.PurgePrefix(o, []byte("key 1"))
		two.PurgePrefix(o, []byte("key 2"))
		three := again(t, one, nil)
		three.learnPurges()
		if got := cached(three, o, 0, 4); got != "0 3 " {
			t.Errorf("%q after a restart", got)
		}
		time.Sleep(managerIdle + time.Second)
		for _, z := range []*Zone{one, two} {
			if got := cached(z, o, 0, 4); got != "0 3 " {
				t.Errorf("%q", got)
			}
		}
		store(t, one, query(o, "key 1"), "NEW", "body")
		if got := cached(one, o, 1, 2); got != "1 " {
			t.Errorf("%q stored anew", got)
		}
		for range 3 { // nothing is left to purge: both forget
			time.Sleep(time.Minute)
			cached(one, o, 0, 4)
			cached(two, o, 0, 4)
		}
		if one.purge.pending() != 0 || two.purge.pending() != 0 || one.purgeFileID() != (fileID{}) {
			t.Errorf("purges %d and %d are kept", one.purge.pending(), two.purge.pending())
		}
	})
}

// TestLearnedLate: a purge of another process counts although entries were found clean of later ones.
func TestLearnedLate(t *testing.T) {
	z, o := newZone(t, nil)
	fill(t, z, o, 1, 3)
	number := z.purge.next()
	z.PurgePrefix(o, []byte("x"))
	if got := cached(z, o, 1, 3); got != "1 2 " {
		t.Errorf("%q", got)
	}
	z.purge.learn([]pattern{{number, []byte("key 1")}})
	if got := cached(z, o, 1, 3); got != "2 " {
		t.Errorf("%q", got)
	}
	before := z.purge.pending()
	z.purge.learn([]pattern{{number, []byte("key 1")}, {number, []byte("key 12")}})
	if z.purge.pending() != before {
		t.Error("it is learned twice")
	}
}

// TestFillOutlivesPurge: what was asked for before a purge is not stored after the purge was forgotten.
func TestFillOutlivesPurge(t *testing.T) {
	z, o := newZone(t, nil)
	z.cold.Store(false)
	q := query(o, "key")
	var r Ref
	var e Entry
	var f Fill
	z.Open(&r, q, &e)
	if !r.Create(&f, q, &Meta{Status: 200}, []byte("OLD")) {
		t.Fatal("not created")
	}
	z.PurgePrefix(o, []byte("k"))
	z.retireNow()
	if z.purge.pending() != 0 {
		t.Error("the purge is kept")
	}
	f.Commit()
	r.Release()
	if got := fetch(z, q); got != "miss" {
		t.Error(got)
	}
	store(t, z, q, "NEW", "")
	if got := fetch(z, q); got != "200 NEW " {
		t.Error(got)
	}
}
