package cache

import (
	"strings"
	"testing"
)

// TestPeek: one who only wants to know changes nothing.
func TestPeek(t *testing.T) {
	z, o := newZone(t, nil)
	q := query(o, "key")
	var e Entry
	if got := z.Peek(q, &e); got != Miss || z.index.count.Load() != 0 {
		t.Error(got)
	}
	q.MinUses = 2
	if got := z.Peek(q, &e); got != Scarce || z.index.count.Load() != 0 {
		t.Error(got)
	}
	for _, size := range []int{3, MaxContent + 1} {
		store(t, z, q, "HEAD", strings.Repeat("x", size))
		if got := z.Peek(q, &e); got != Found || string(e.Head) != "HEAD" || e.Size != int64(size) {
			t.Error(got)
		}
		e.Close()
	}
	if z.hot.bytes != 0 || openFiles(z) != 0 {
		t.Error("something is kept")
	}
	z.Purge(o, q.Key)
	if got := z.Peek(q, &e); got != Scarce {
		t.Error(got)
	}
}

// TestClose: a zone that is closed keeps no file open, and can still be used.
func TestClose(t *testing.T) {
	z, o := newZone(t, nil)
	z.Start(*z.opts.Load())
	body := strings.Repeat("x", MaxContent+1)
	q := query(o, "key")
	store(t, z, q, "HEAD", body)
	fetch(z, q)
	z.Close()
	if n := openFiles(z); n != 0 {
		t.Errorf("%d files are open", n)
	}
	if got := fetch(z, q); got != "200 HEAD "+body || openFiles(z) != 0 {
		t.Errorf("%.60q, %d files are open", got, openFiles(z))
	}
	z.Close()
}
