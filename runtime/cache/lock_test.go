package cache

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestLockFilled: one of many requests fills the entry; the others wait, and all have it at the
// moment it is there.
func TestLockFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, nil)
		var fills, hits atomic.Int32
		var all sync.WaitGroup
		start := time.Now()
		for range 1000 {
			all.Go(func() {
				q := query(o, "key")
				var r Ref
				var e Entry
				defer r.Release()
				for {
					if z.Open(&r, q, &e) == Found {
						hits.Add(1)
						e.Close()
						return
					}
					if r.Lock(5*time.Second) || r.Wait(5*time.Second, 10*time.Second, nil) == Granted {
						break
					}
				}
				fills.Add(1)
				time.Sleep(3 * time.Second)
				var f Fill
				if !r.Create(&f, q, &Meta{Status: 200}, []byte("HEAD")) || !f.Commit() {
					t.Error("not stored")
				}
			})
		}
		all.Wait()
		if fills.Load() != 1 || hits.Load() != 999 || time.Since(start) != 3*time.Second {
			t.Errorf("%d fills, %d hits after %v", fills.Load(), hits.Load(), time.Since(start))
		}
	})
}

// TestLockPasses: when a response is not stored, the requests that wait ask the peer one after the
// other, until their timeout is over.
func TestLockPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, nil)
		var mu sync.Mutex
		results := map[WaitResult]int{}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				q := query(o, "key")
				var r Ref
				var e Entry
				defer r.Release()
				z.Open(&r, q, &e)
				result := Granted
				if !r.Lock(time.Minute) {
					result = r.Wait(time.Minute, 5500*time.Millisecond, nil)
				}
				if result == Granted {
					time.Sleep(time.Second)
				}
				mu.Lock()
				results[result]++
				mu.Unlock()
			})
		}
		all.Wait()
		if results[Granted] != 6 || results[TimedOut] != 4 {
			t.Errorf("%v, want 6 granted and 4 timed out", results)
		}
		if n := z.index.count.Load(); n != 0 {
			t.Errorf("%d keys are left", n)
		}
	})
}

// TestLockAge: a request that takes longer than the lock's age is passed by another one, and its
// end does not end that one's lock.
func TestLockAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, nil)
		q := query(o, "key")
		var slow, next, third Ref
		var e Entry
		z.Open(&slow, q, &e)
		z.Open(&next, q, &e)
		z.Open(&third, q, &e)
		if !slow.Lock(2*time.Second) || next.Lock(2*time.Second) {
			t.Fatal("not locked")
		}
		start := time.Now()
		if got := next.Wait(2*time.Second, time.Minute, nil); got != Granted || time.Since(start) != 2*time.Second {
			t.Errorf("%d after %v", got, time.Since(start))
		}
		slow.Release()
		if third.Lock(2 * time.Second) {
			t.Error("the end of the first one has ended the lock of the second one")
		}
		next.Release()
		if !third.Lock(2 * time.Second) {
			t.Error("still locked")
		}
		third.Release()
	})
}

// TestLockAgeFilled: what a request stores that was passed by another one is there for all who wait; they do not go on to
// wait for that other one.
func TestLockAgeFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, nil)
		q := query(o, "key")
		refs := make([]Ref, 2)
		var e Entry
		for i := range refs {
			z.Open(&refs[i], q, &e)
		}
		slow, next := &refs[0], &refs[1]
		slow.Lock(time.Second)
		if next.Wait(time.Second, time.Minute, nil) != Granted {
			t.Fatal("not granted after the age of the lock")
		}
		start := time.Now()
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				var r Ref
				var e Entry
				defer r.Release()
				z.Open(&r, q, &e)
				if got := r.Wait(time.Minute, time.Hour, nil); got != Filled || time.Since(start) != time.Second/2 {
					t.Errorf("%d after %v", got, time.Since(start))
				}
			})
		}
		time.Sleep(time.Second / 2)
		var f Fill
		if !slow.Create(&f, q, &Meta{Status: 200}, []byte("HEAD")) || !f.Commit() {
			t.Error("not stored")
		}
		all.Wait()
		slow.Release()
		var r Ref
		z.Open(&r, q, &e)
		e.Close()
		if !r.Update() {
			t.Error("the request that has passed still has the lock")
		}
		next.Release()
		if r.Update() {
			t.Error("its end has ended another one's lock")
		}
		r.Release()
	})
}

// TestLockCancelled: a client that leaves does not keep the lock from others.
func TestLockCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, nil)
		q := query(o, "key")
		var first Ref
		var e Entry
		z.Open(&first, q, &e)
		first.Lock(time.Minute)
		gone := make(chan struct{}, 1)
		var granted, cancelled atomic.Int32
		var all sync.WaitGroup
		wait := func(gone chan struct{}) {
			var r Ref
			var e Entry
			defer r.Release()
			z.Open(&r, q, &e)
			switch r.Wait(time.Minute, time.Hour, gone) {
			case Granted:
				granted.Add(1)
			case Cancelled:
				cancelled.Add(1)
			}
		}
		all.Go(func() { wait(gone) })
		synctest.Wait()
		all.Go(func() { wait(nil) })
		synctest.Wait()
		gone <- struct{}{}
		synctest.Wait()
		if cancelled.Load() != 1 || granted.Load() != 0 {
			t.Error("not cancelled")
		}
		first.Release()
		all.Wait()
		if granted.Load() != 1 {
			t.Error("not granted")
		}
		// Both at once: whoever is granted the lock while its client leaves gives it on.
		for range 100 {
			z.Open(&first, q, &e)
			first.Lock(time.Minute)
			all.Go(func() { wait(gone) })
			synctest.Wait()
			all.Go(func() { wait(nil) })
			synctest.Wait()
			gone <- struct{}{}
			first.Release()
			all.Wait()
			select {
			case <-gone:
			default:
			}
		}
		if n := z.index.count.Load(); n != 0 || granted.Load()+cancelled.Load() < 202 {
			t.Errorf("%d keys, %d granted, %d cancelled", n, granted.Load(), cancelled.Load())
		}
	})
}

// TestUpdate: of many requests for an expired entry one updates it; what it holds can be handed on.
func TestUpdate(t *testing.T) {
	z, o := newZone(t, nil)
	q := query(o, "key")
	store(t, z, q, "HEAD", "body")
	var a, b, background Ref
	var e Entry
	z.Open(&a, q, &e)
	z.Open(&b, q, &e)
	e.Close()
	if !a.Update() || b.Update() || !a.Updating() || b.Updating() {
		t.Fatal("not one that updates")
	}
	a.MoveTo(&background)
	a.Release()
	if b.Update() {
		t.Error("the update has ended")
	}
	background.Release()
	if !b.Update() {
		t.Error("the update has not ended")
	}
	b.Release()
}

// TestStatus: a status is cached without a response, for its time.
func TestStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, o := newZone(t, nil)
		q := query(o, "key")
		var r Ref
		var e Entry
		z.Open(&r, q, &e)
		r.SetStatus(502, time.Now().Unix()+10)
		r.Release()
		if got := fetch(z, q); got != "status 502" {
			t.Error(got)
		}
		time.Sleep(12 * time.Second)
		if got := fetch(z, q); got != "miss" {
			t.Error(got)
		}
	})
}

// TestMinUses: a response is stored when it was asked for often enough.
func TestMinUses(t *testing.T) {
	z, o := newZone(t, nil)
	z.cold.Store(false)
	q := query(o, "key")
	q.MinUses = 3
	var got []string
	for range 4 {
		got = append(got, fetch(z, q))
	}
	if s := strings.Join(got, " "); s != "scarce scarce miss miss" {
		t.Error(s)
	}
}
