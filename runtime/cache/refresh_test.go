package cache

import (
	"os"
	"strings"
	"testing"
)

// TestRefresh: a validated entry has its new times in memory and in its file, again and again.
func TestRefresh(t *testing.T) {
	z, o := newZone(t, nil)
	for _, size := range []int{10, MaxContent + 1} {
		q := query(o, "key")
		body := strings.Repeat("x", size)
		store(t, z, q, "HEAD", body)
		for i := int64(1); i < 5; i++ {
			var r Ref
			var e Entry
			if z.Open(&r, q, &e) != Found {
				t.Fatal("miss")
			}
			f := Freshness{Valid: 1000 * i, Date: 2000 * i, Updating: 3000 * i, Error: 4000 * i}
			r.Refresh(o, &e, f)
			e.Close()
			r.Release()
			for _, z := range []*Zone{z, again(t, z, nil)} {
				if got := fetch(z, q); got != "200 HEAD "+body {
					t.Fatalf("%.80q", got)
				}
				z.Open(&r, q, &e)
				if e.Freshness != f || string(e.ETag) != `"tag"` {
					t.Errorf("%+v, want %+v", e.Freshness, f)
				}
				e.Close()
				r.Release()
			}
		}
		if log := o.log(); log != "" {
			t.Error(log)
		}
	}
}

// TestRefreshTorn: when writing the new times was cut off the old ones hold.
func TestRefreshTorn(t *testing.T) {
	z, o := newZone(t, nil)
	q := query(o, "key")
	path, content := entryFile(t, z, q, "body")
	var r Ref
	var e Entry
	z.Open(&r, q, &e)
	old := e.Freshness
	r.Refresh(o, &e, Freshness{Valid: 1000})
	e.Close()
	r.Release()
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range slotSize {
		torn := append([]byte(nil), content...)
		copy(torn[slotStart+slotSize:], after[slotStart+slotSize:][:n])
		if err := os.WriteFile(path, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		next := again(t, z, nil)
		if next.Open(&r, q, &e) != Found || e.Freshness != old && (n < 44 || e.Valid != 1000) {
			t.Errorf("after %d bytes: %+v", n, e.Freshness)
		}
		e.Close()
		r.Release()
	}
}

// TestRefreshReplaced: an entry that was replaced or removed meanwhile is not touched.
func TestRefreshReplaced(t *testing.T) {
	z, o := newZone(t, nil)
	q := query(o, "key")
	store(t, z, q, "HEAD", "body")
	var r Ref
	var e Entry
	z.Open(&r, q, &e)
	store(t, z, q, "HEAD", "BODY")
	r.Refresh(o, &e, Freshness{Valid: 1000})
	e.Close()
	z.Open(&r, q, &e)
	if e.Valid == 1000 || string(e.Body) != "BODY" {
		t.Errorf("%d %s", e.Valid, e.Body)
	}
	os.Remove(string(r.Path()))
	r.Refresh(o, &e, Freshness{Valid: 1000})
	e.Close()
	r.Release()
	if log := o.log(); log != "" {
		t.Error(log)
	}
}

// TestRefreshEdited: a file that was edited since the entry was opened is not made one that nothing has happened to.
func TestRefreshEdited(t *testing.T) {
	z, o := newZone(t, nil)
	q := query(o, "key")
	path, content := entryFile(t, z, q, strings.Repeat("x", MaxContent+1))
	var r Ref
	var e Entry
	z.Open(&r, q, &e)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("y"), int64(len(content)-1)); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	r.Refresh(o, &e, Freshness{Valid: 1000})
	e.Close()
	r.Release()
	for _, z := range []*Zone{z, again(t, z, nil)} {
		if got := fetch(z, q); got != "miss" {
			t.Errorf("%.80q", got)
		}
	}
}
