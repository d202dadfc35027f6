package caching

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

const now = 1_000_000_000

func join(a, b []byte) []byte { return bytes.Join([][]byte{a, b}, []byte(", ")) }

// judge gives "Name: value" lines to a Fresh.
func judge(ignore Ignore, lines ...string) *Fresh {
	f := new(Fresh)
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		f.Field(h1.LookupField([]byte(name)), []byte(value), ignore, now, join)
	}
	return f
}

func TestFresh(t *testing.T) {
	const (
		past   = "Expires: Thu, 01 Jan 1970 00:00:01 GMT"
		future = "Expires: Sun, 09 Sep 2001 01:46:50 GMT" // now + 10
		never  = math.MaxInt64
	)
	tests := []struct {
		lines                  string
		ignore                 Ignore
		keeps                  bool
		valid, updating, error int64
	}{
		{lines: "Content-Type: text/html", keeps: true},
		{lines: past},
		{lines: "Expires: rubbish"},
		{lines: past, ignore: IgnoreExpires, keeps: true},
		{lines: future, keeps: true, valid: now + 10},
		{lines: "Cache-Control: max-age=5", keeps: true, valid: now + 5},
		{lines: "Cache-Control: Public, Max-Age=5, foo", keeps: true, valid: now + 5},
		{lines: "Cache-Control: max-age=5, s-maxage=7", keeps: true, valid: now + 7},
		{lines: "Cache-Control: s-maxage=7,max-age=5", keeps: true, valid: now + 7},
		{lines: "Cache-Control: max-age=0"},
		{lines: "Cache-Control: s-maxage=0,max-age=60"},
		{lines: "Cache-Control: max-age=x"},
		{lines: "Cache-Control: max-age=99999999999999999999", keeps: true, valid: never},
		{lines: "Cache-Control: no-store"},
		{lines: "Cache-Control: foo, No-Cache"},
		{lines: `Cache-Control: private="x"`},
		{lines: "Cache-Control: no-store", ignore: IgnoreCacheControl, keeps: true},
		{lines: past + "|Cache-Control: max-age=5", keeps: true, valid: now + 5},
		{lines: "Cache-Control: max-age=5|" + past, keeps: true, valid: now + 5},
		{lines: "Cache-Control: max-age=5|" + future, keeps: true, valid: now + 5},
		{lines: future + "|Cache-Control: max-age=5", keeps: true, valid: now + 5},
		{lines: future + "|Cache-Control: no-store", valid: now + 10},
		{lines: "X-Accel-Expires: 3", keeps: true, valid: now + 3},
		{lines: "X-Accel-Expires: 0"},
		{lines: "X-Accel-Expires: 0", ignore: IgnoreAccelExpires, keeps: true},
		{lines: "X-Accel-Expires: @1000000123", keeps: true, valid: now + 123},
		{lines: "X-Accel-Expires: @x", keeps: true},
		{lines: "X-Accel-Expires: -1", keeps: true},
		{lines: "X-Accel-Expires: 3|Cache-Control: no-store", keeps: true, valid: now + 3},
		{lines: "Cache-Control: no-store|X-Accel-Expires: 3", keeps: true, valid: now + 3},
		{lines: past + "|X-Accel-Expires: 3", keeps: true, valid: now + 3},
		{lines: "X-Accel-Expires: 3|" + past, keeps: true, valid: now + 3},
		{lines: "Cache-Control: max-age=5|Cache-Control: no-store", valid: now + 5},
		{lines: "Cache-Control: stale-while-revalidate=7", keeps: true, updating: 7, error: 7},
		{lines: "Cache-Control: max-age=1, stale-while-revalidate=7, stale-if-error=9", keeps: true, valid: now + 1, updating: 7, error: 9},
		{lines: "X-Accel-Expires: 3|Cache-Control: max-age=1, stale-if-error=9", keeps: true, valid: now + 3, error: 9},
		{lines: "Cache-Control: stale-if-error=x"},
		{lines: "Set-Cookie: a=b"},
		{lines: "Set-Cookie: a=b|X-Accel-Expires: 3", valid: now + 3},
		{lines: "Set-Cookie: a=b", ignore: IgnoreSetCookie, keeps: true},
		{lines: "Vary: *"},
		{lines: "Vary: *", ignore: IgnoreVary, keeps: true},
		{lines: "Vary: Accept-Encoding", keeps: true},
		{lines: "Vary: " + strings.Repeat("a", 129)},
		{lines: "Vary: " + strings.Repeat("a", 64) + "|Vary: " + strings.Repeat("a", 64)},
	}
	for _, tt := range tests {
		f := judge(tt.ignore, strings.Split(tt.lines, "|")...)
		if f.Keeps() != tt.keeps || f.Valid != tt.valid || f.Updating != tt.updating || f.Error != tt.error {
			t.Errorf("%s: %v %d %d %d, want %v %d %d %d", tt.lines,
				f.Keeps(), f.Valid, f.Updating, f.Error, tt.keeps, tt.valid, tt.updating, tt.error)
		}
		if (f.Reason() == "") != f.Keeps() {
			t.Errorf("%s: reason %q", tt.lines, f.Reason())
		}
	}
	if f := judge(0, "Vary: Accept-Encoding", "Vary: X"); string(f.Vary) != "Accept-Encoding, X" {
		t.Errorf("Vary %q", f.Vary)
	}
}

func TestVariant(t *testing.T) {
	key := [16]byte{1}
	hash := func(vary string, fields ...string) [16]byte {
		var list []h1.Field
		for _, f := range fields {
			name, value, _ := strings.Cut(f, ": ")
			list = append(list, h1.Field{Name: []byte(name), Value: []byte(value)})
		}
		h, _ := Variant(key, []byte(vary), list, nil)
		return h
	}
	same := [][2][16]byte{
		{hash("Accept-Encoding", "accept-encoding: gzip,deflate"), hash("accept-encoding", "Accept-Encoding:  gzip,  deflate ")},
		{hash("Accept-Encoding", "Accept-Encoding: gzip", "Accept-Encoding: br"), hash("Accept-Encoding", "Accept-Encoding: gzip, br")},
		{hash(" X ,, Y", "X: 1", "Y: 2"), hash("X, Y", "Y: 2", "X: 1")},
		{hash("X", "X: 1", "Z: 2"), hash("X", "X: 1")},
		{hash("X", "X: a", "X: b"), hash("X", "X: a,b")},
	}
	for i, s := range same {
		if s[0] != s[1] {
			t.Errorf("pair %d differs", i)
		}
	}
	other := [][2][16]byte{
		{hash("X", "X: 1"), hash("X", "X: 2")},
		{hash("X", "X: a, b"), hash("X", "X: a,b")},
		{hash("X", "X: 1"), hash("X, Y", "X: 1")},
		{hash("X"), hash("X", "X: 1")},
		{hash("X-A", "X-A: 1"), hash("X-A", "XMA: 1")},
	}
	for i, s := range other {
		if s[0] == s[1] {
			t.Errorf("pair %d is the same", i)
		}
	}
}

func TestRangeTooFar(t *testing.T) {
	tests := []struct {
		limit int64
		value string
		want  bool
	}{
		{-1, "bytes=100-", false},
		{0, "bytes=0-", true},
		{10, "bytes=9-", false},
		{10, "bytes=10-20", true},
		{10, "Bytes= 10-20", true},
		{10, "bytes=-5", true},
		{10, "bytes=x", false},
		{10, "items=10-", false},
		{10, "bytes=99999999999999999999-", true},
	}
	for _, tt := range tests {
		s := Settings{MaxRangeOffset: tt.limit}
		if got := s.RangeTooFar([]byte(tt.value)); got != tt.want {
			t.Errorf("%d %s: %v", tt.limit, tt.value, got)
		}
	}
}

// FuzzFresh feeds values of all kinds to what judges them.
func FuzzFresh(f *testing.F) {
	f.Add("max-age=5, stale-while-revalidate=", "Accept, *")
	f.Add("s-maxage=99999999999999999999999", ",,,")
	f.Add("@", "")
	f.Fuzz(func(t *testing.T, value, vary string) {
		r := new(Fresh)
		for _, id := range []h1.FieldID{h1.XAccelExpires, h1.Expires, h1.CacheControl} {
			r.Field(id, []byte(value), 0, now, join)
		}
		r.Field(h1.Vary, []byte(vary), 0, now, join)
		if r.Keeps() && (r.Valid < 0 || len(r.Vary) > MaxVary) {
			t.Errorf("valid %d, vary of %d bytes", r.Valid, len(r.Vary))
		}
		Variant([16]byte{}, []byte(vary), []h1.Field{{Name: []byte(value), Value: []byte(vary)}}, nil)
		s := Settings{MaxRangeOffset: 5}
		s.RangeTooFar([]byte(value))
	})
}
