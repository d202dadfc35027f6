package cache

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// owner is a request: it keeps what is logged.
type owner struct {
	numbers atomic.Uint64
	mu      sync.Mutex
	logged  []string
}

func (o *owner) Numbers() *atomic.Uint64 { return &o.numbers }

func (o *owner) Logf(_ errlog.Level, _ error, format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.logged = append(o.logged, fmt.Sprintf(format, args...))
}

// log returns what was logged since the last call.
func (o *owner) log() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := strings.Join(o.logged, "\n")
	o.logged = nil
	return s
}

// newZone makes a zone in a folder of the test.
func newZone(t testing.TB, change func(*Options)) (*Zone, *owner) {
	o := Defaults()
	o.Dir, o.ZoneSize, o.Levels, o.UseTempPath = t.TempDir(), 1<<20, [3]int{1, 2}, false
	if change != nil {
		change(&o)
	}
	z := NewZone("test", o)
	t.Cleanup(z.Close)
	return z, new(owner)
}

func query(o *owner, text string) *Query {
	return &Query{Key: KeyOf([]byte(text)), Text: []byte(text), MinUses: 1, Owner: o}
}

// store fills the entry of a key.
func store(t testing.TB, z *Zone, q *Query, head, body string) {
	t.Helper()
	var r Ref
	var e Entry
	defer r.Release()
	z.Open(&r, q, &e)
	e.Close()
	var f Fill
	m := Meta{Status: 200, Freshness: Freshness{Valid: time.Now().Unix() + 60}, LastModified: -1, ETag: []byte(`"tag"`), Vary: []byte("Accept")}
	if !r.Create(&f, q, &m, []byte(head)) {
		t.Fatal("not created")
	}
	for p := []byte(body); len(p) > 0; p = p[min(len(p), 10000):] {
		if _, err := f.Write(p[:min(len(p), 10000)]); err != nil {
			t.Fatal(err)
		}
	}
	if !f.Commit() {
		t.Fatal("not committed")
	}
}

// fetch is what is cached of a key: "status head body", or the result.
func fetch(z *Zone, q *Query) string {
	var r Ref
	var e Entry
	defer r.Release()
	switch result := z.Open(&r, q, &e); result {
	case Found:
		defer e.Close()
		return fmt.Sprintf("%d %s %s", e.Status, e.Head, bodyOf(&e))
	case StatusOnly:
		return fmt.Sprint("status ", r.Status())
	default:
		return [...]string{"miss", "found", "scarce", "status", "failed"}[result]
	}
}

func bodyOf(e *Entry) []byte {
	if e.Body != nil {
		return e.Body
	}
	b := make([]byte, e.Size)
	if n, err := pread(e.FD, b, e.Off); err != nil || int64(n) < e.Size {
		return fmt.Appendf(nil, "%d of %d bytes, %v", n, e.Size, err)
	}
	return b
}

func TestStoreAndFetch(t *testing.T) {
	for _, size := range []int{0, 1, 100, MaxContent, MaxContent + 1, 300000} {
		z, o := newZone(t, nil)
		q := query(o, "the key")
		if got := fetch(z, q); got != "miss" {
			t.Errorf("%d: %s before it is stored", size, got)
		}
		body := strings.Repeat("0123456789", size/10+1)[:size]
		store(t, z, q, "HEAD", body)
		want := "200 HEAD " + body
		for range 3 {
			if got := fetch(z, q); got != want {
				t.Fatalf("%d: %.60q (%d)", size, got, len(got))
			}
		}
		path := z.opts.Load().appendPath(nil, &q.Key)
		if !bytes.HasPrefix(path, []byte(filepath.Join(z.opts.Load().Dir, string(path[len(path)-1:]), string(path[len(path)-3:len(path)-1])))) {
			t.Errorf("path %s", path)
		}
		if err := os.Remove(string(path)); err != nil {
			t.Fatal(err)
		}
		if got := fetchSoon(z, q); got != "miss" {
			t.Errorf("%d: %.60q after the file was removed", size, got)
		}
		if log := o.log(); log != "" {
			t.Errorf("logged %s", log)
		}
	}
}

// fetchSoon is fetch when an entry is not trusted any more.
func fetchSoon(z *Zone, q *Query) string {
	time.Sleep(trusted)
	return fetch(z, q)
}

func pread(fd int, p []byte, off int64) (int, error) { return diskfile.ReadAt(fd, p, off) }
