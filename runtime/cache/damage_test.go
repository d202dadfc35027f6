package cache

import (
	"bytes"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
)

// entryFile stores an entry and returns its file and what it has.
func entryFile(t *testing.T, z *Zone, q *Query, body string) (path string, content []byte) {
	store(t, z, q, "HEAD", body)
	path = string(z.opts.Load().appendPath(nil, &q.Key))
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, content
}

// TestTruncated: a file that ends at any byte is a miss, and is removed.
func TestTruncated(t *testing.T) {
	z, o := newZone(t, nil)
	for _, size := range []int{0, 100, MaxContent + 5000} {
		q := query(o, "key")
		path, content := entryFile(t, z, q, strings.Repeat("x", size))
		step := 1
		for n := 0; n < len(content); n += step {
			if n > 400 {
				step = 997
			}
			if err := os.WriteFile(path, content[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			if got := fetch(again(t, z, nil), q); got != "miss" {
				t.Fatalf("cut at %d of %d: %.80s", n, len(content), got)
			}
			if log := o.log(); !strings.Contains(log, `cache file "`+path+`" `) {
				t.Fatalf("cut at %d: logged %q", n, log)
			}
			if _, err := os.Stat(path); err == nil && n >= fixedSize {
				t.Fatalf("cut at %d: the file is still there", n)
			}
		}
	}
}

// TestEdited: a file of which any byte was changed is a miss, or the byte means nothing.
func TestEdited(t *testing.T) {
	z, o := newZone(t, nil)
	for _, size := range []int{100, MaxContent + 5000} {
		q := query(o, "key")
		body := strings.Repeat("x", size)
		path, content := entryFile(t, z, q, body)
		step, same := 1, 0
		for n := 0; n < len(content); n += step {
			if n > 400 {
				step = 997
			}
			edited := bytes.Clone(content)
			edited[n] ^= 0x10
			if err := os.WriteFile(path, edited, 0o600); err != nil {
				t.Fatal(err)
			}
			switch got := fetch(again(t, z, nil), q); got {
			case "miss":
			case "200 HEAD " + body:
				same++
			default:
				t.Fatalf("byte %d of %d: %.80q", n, len(content), got)
			}
		}
		if same > slotSize+4 {
			t.Errorf("%d bytes mean nothing", same)
		}
		if err := os.WriteFile(path, append(content, 'x'), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := fetch(again(t, z, nil), q); got != "miss" {
			t.Errorf("a byte more: %.80q", got)
		}
	}
}

// TestEditedWhileHot: an entry that is in memory, or open, is not used any more once its file was
// edited or replaced.
func TestEditedWhileHot(t *testing.T) {
	z, o := newZone(t, nil)
	for _, size := range []int{100, MaxContent + 5000} {
		q := query(o, "key")
		path, content := entryFile(t, z, q, strings.Repeat("x", size))
		fetch(z, q)
		content[len(content)-1] = 'y'
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(content, 0); err != nil {
			t.Fatal(err)
		}
		f.Close()
		if got := fetchSoon(z, q); got != "miss" {
			t.Errorf("%d: %.80q", size, got)
		}
		if log := o.log(); !strings.Contains(log, "has a wrong checksum") {
			t.Errorf("%d: logged %q", size, log)
		}
		if got := fetch(z, q); got != "miss" {
			t.Errorf("%d: %.80q", size, got)
		}
	}
}

// TestForeign: a file of nginx, and one of another key with the same hash, are misses with nginx's
// words, and the next entry takes their place.
func TestForeign(t *testing.T) {
	z, o := newZone(t, nil)
	q := query(o, "key")
	path, content := entryFile(t, z, q, "body")
	for text, b := range map[string][]byte{
		"version mismatch": append([]byte{5, 0, 0, 0, 0, 0, 0, 0}, content...),
		"is too small":     content[:100],
	} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := fetch(again(t, z, nil), q); got != "miss" {
			t.Errorf("%s: %s", text, got)
		}
		if log := o.log(); log != `cache file "`+path+`" `+text {
			t.Errorf("logged %q, want %q", log, text)
		}
	}
	store(t, z, q, "HEAD", "body")
	o.log() // of the file that was there, where z has looked at it: it trusts its memory for two milliseconds
	other := query(o, "another key")
	other.Key = q.Key
	for range 2 { // from the file, from memory
		if got := fetch(z, other); got != "miss" {
			t.Errorf("collision: %s", got)
		}
		if log := o.log(); log != `cache file "`+path+`" has md5 collision` {
			t.Errorf("logged %q", log)
		}
		fetch(z, q)
	}
	store(t, z, other, "HEAD", "other body")
	if got := fetch(z, other); got != "200 HEAD other body" {
		t.Error(got)
	}
}

// TestNotAFolder: what is in the way is logged in nginx's words, and costs the entry only.
func TestNotAFolder(t *testing.T) {
	for _, temp := range []bool{false, true} {
		z, o := newZone(t, func(o *Options) { o.UseTempPath = temp })
		q := query(o, "key")
		q.Temp = &diskfile.TempPath{Dir: t.TempDir()}
		path := string(z.opts.Load().appendPath(nil, &q.Key))
		if err := os.WriteFile(z.opts.Load().Dir+path[len(z.opts.Load().Dir):][:2], nil, 0o600); err != nil {
			t.Fatal(err)
		}
		var r Ref
		var e Entry
		z.Open(&r, q, &e)
		var f Fill
		if !r.Create(&f, q, &Meta{}, []byte("HEAD")) {
			t.Fatal("not created")
		}
		_, _ = f.Write(make([]byte, 100))
		if f.Commit() {
			t.Error("committed")
		}
		r.Release()
		if log := o.log(); !strings.Contains(log, `" failed`) && !strings.Contains(log, " failed") {
			t.Errorf("logged %q", log)
		} else {
			t.Log(log)
		}
		if got := fetch(z, q); got != "miss" || z.index.count.Load() != 0 {
			t.Error(got, z.index.count.Load())
		}
		if temp {
			if left, _ := os.ReadDir(q.Temp.Dir); len(left) != 0 {
				t.Errorf("left: %v", left)
			}
		}
	}
}

// TestFullDisk: when the file cannot be written the response is not stored, which is logged once.
func TestFullDisk(t *testing.T) {
	z, o := newZone(t, nil)
	q := query(o, "key")
	var r Ref
	var e Entry
	z.Open(&r, q, &e)
	var f Fill
	if !r.Create(&f, q, &Meta{}, []byte("HEAD")) {
		t.Fatal("not created")
	}
	if _, err := f.Write(make([]byte, MaxContent+1)); err != nil {
		t.Fatal(err)
	}
	name := f.file.Name()
	full, err := syscall.Open("/dev/full", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.file.Close()
	f.file = os.NewFile(uintptr(full), name)
	_, err = f.Write([]byte("more"))
	if _, err2 := f.Write([]byte("more")); err == nil || err2 == nil || f.Active() || f.Commit() {
		t.Error(err, err2)
	}
	r.Release()
	if log := o.log(); log != `write() "`+name+`" failed` {
		t.Errorf("logged %q", log)
	}
	if n := files(t, z); n != 0 || fetch(z, q) != "miss" {
		t.Errorf("%d files are left", n)
	}
}
