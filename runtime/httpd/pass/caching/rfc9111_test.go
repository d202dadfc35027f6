package caching

import (
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// The dates of the tests: now is that of fresh_test.go.
const (
	dateNow    = "Date: Sun, 09 Sep 2001 01:46:40 GMT"
	date10Ago  = "Date: Sun, 09 Sep 2001 01:46:30 GMT"
	in60       = "Expires: Sun, 09 Sep 2001 01:47:40 GMT"
	changed    = "Last-Modified: Sun, 09 Sep 2001 01:30:00 GMT" // 1,000 seconds ago
	longAgo    = "Last-Modified: Thu, 01 Jan 1970 00:00:01 GMT"
	notAllowed = "the request has Authorization, and Cache-Control does not allow it"
	noInfo     = "nothing says for how long it is fresh"
	noUse      = "it is not fresh, and has nothing to be validated by"
)

// TestRFC9111 has a row for each rule of RFC 9111 about responses that are stored.
func TestRFC9111(t *testing.T) {
	for _, c := range []struct {
		section, lines string
		in             Context // Status 200 where it is not given
		left           int64   // seconds that it is fresh from now on, the last one included; -1: stale
		refused        string
	}{
		{section: "3 final and cacheable", lines: "Cache-Control: max-age=60", left: 59},
		{section: "3 no-store", lines: "Cache-Control: no-store, max-age=60", refused: "Cache-Control says no-store"},
		{section: "3 private", lines: "Cache-Control: max-age=60|Cache-Control: private", refused: "Cache-Control says private"},
		{section: "3 nothing that allows it", lines: "Content-Type: text/html", refused: noInfo},
		{section: "3 public is not enough", lines: "Cache-Control: public", refused: noInfo},
		{section: "3 any status with a time", lines: "Cache-Control: max-age=60", in: Context{Status: 302}, left: 59},
		{section: "3 a part that was not asked for", lines: "Cache-Control: max-age=60", in: Context{Status: 206}, refused: "it is a part that was not asked for"},
		{section: "3 a part", lines: "Cache-Control: max-age=60", in: Context{Status: 206, Ranged: true}, left: 59},

		{section: "3.5 Authorization", lines: "Cache-Control: max-age=60", in: Context{Authorized: true}, refused: notAllowed},
		{section: "3.5 ... public", lines: "Cache-Control: max-age=60, public", in: Context{Authorized: true}, left: 59},
		{section: "3.5 ... must-revalidate", lines: "Cache-Control: max-age=60, must-revalidate", in: Context{Authorized: true}, left: 59},
		{section: "3.5 ... s-maxage", lines: "Cache-Control: s-maxage=60", in: Context{Authorized: true}, left: 59},
		{section: "3.5 ... proxy-revalidate", lines: "Cache-Control: max-age=60, proxy-revalidate", in: Context{Authorized: true}, refused: notAllowed},

		{section: "4.1 Vary: *", lines: "Cache-Control: max-age=60|Vary: *", refused: "Vary is *"},
		{section: "4.1 ... in a list", lines: "Cache-Control: max-age=60|Vary: Accept, *", refused: "Vary is *"},

		{section: "4.2.1 s-maxage first", lines: "Cache-Control: max-age=5|Cache-Control: s-maxage=60|" + in60, left: 59},
		{section: "4.2.1 max-age before Expires", lines: in60 + "|Cache-Control: max-age=30|" + dateNow, left: 29},
		{section: "4.2.1 Expires from Date", lines: in60 + "|" + dateNow, left: 59},
		{section: "4.2.1 ... an older one", lines: in60 + "|" + date10Ago, left: 59}, // 70 seconds, of which 10 are over
		{section: "4.2.1 ... without Date", lines: in60, left: 59},
		{section: "4.2.1 twice, the first", lines: "Cache-Control: max-age=60, max-age=5", left: 59},
		{section: "4.2.1 invalid is stale", lines: "Cache-Control: max-age=x|ETag: a", left: -1},
		{section: "4.2.1 ... and does not fall back", lines: "Cache-Control: max-age=-1|ETag: a|" + in60, left: -1},

		{section: "4.2.2 heuristic", lines: changed + "|" + dateNow, left: 99},
		{section: "4.2.2 ... without Date", lines: changed, left: 99},
		{section: "4.2.2 ... bounded", lines: longAgo, left: 24*3600 - 1},
		{section: "4.2.2 ... of a known status", lines: changed, in: Context{Status: 404}, left: 99},
		{section: "4.2.2 ... of another one", lines: changed, in: Context{Status: 403}, refused: noInfo},
		{section: "4.2.2 ... that is public", lines: changed + "|Cache-Control: public", in: Context{Status: 403}, left: 99},
		{section: "4.2.2 the operator's time instead", lines: changed, in: Context{Valid: 10}, left: 10},
		{section: "4.2.2 ... without a date", lines: "", in: Context{Status: 502, Valid: 10}, left: 10},

		{section: "4.2.2 ... which is 0", lines: changed, in: Context{Valid: -1}, refused: "*_cache_valid has 0 for the status"},
		{section: "4.2.2 ... and the response's own", lines: "Cache-Control: max-age=60", in: Context{Valid: -1}, left: 59},

		{section: "4.2.3 Age", lines: "Cache-Control: max-age=60|Age: 20", left: 39},
		{section: "4.2.3 ... and the delay", lines: "Cache-Control: max-age=60|Age: 20", in: Context{Delay: 5}, left: 34},
		{section: "4.2.3 Date", lines: "Cache-Control: max-age=60|" + date10Ago, left: 49},
		{section: "4.2.3 the larger one", lines: "Cache-Control: max-age=60|Age: 4|" + date10Ago, in: Context{Delay: 5}, left: 49},
		{section: "4.2.3 a clock that is ahead", lines: "Cache-Control: max-age=60|Date: Sun, 09 Sep 2001 02:46:40 GMT", left: 59},
		{section: "4.2.3 too old", lines: "Cache-Control: max-age=60|Age: 60", refused: noUse},
		{section: "4.2.3 ... with a validator", lines: "Cache-Control: max-age=60|Age: 60|ETag: a", left: -1},
		{section: "4.2.3 ... with a validator that is not kept", lines: "Cache-Control: max-age=60|Age: 60|ETag: a", in: Context{Status: 404}, refused: noUse},

		{section: "5.1 Age, the first member", lines: "Cache-Control: max-age=60|Age: 20, 99", left: 39},
		{section: "5.1 ... the first field", lines: "Cache-Control: max-age=60|Age: 20|Age: 99", left: 39},
		{section: "5.1 ... invalid", lines: "Cache-Control: max-age=60|Age: 1.5", left: 59},
		{section: "1.2.2 ... of any size", lines: "Cache-Control: max-age=60|Age: 99999999999999999999|ETag: a", left: -1},
		{section: "1.2.2 max-age of any size", lines: "Cache-Control: max-age=99999999999999999999", left: 1<<31 - 1},

		{section: "5.2.2.1 max-age=0", lines: "Cache-Control: max-age=0|" + changed, left: -1},
		{section: "5.2.2.3 must-understand", lines: "Cache-Control: no-store, must-understand, max-age=60", left: 59},
		{section: "5.2.2.3 ... unknown", lines: "Cache-Control: must-understand, max-age=60", in: Context{Status: 599}, refused: "must-understand, and the status is not known"},
		{section: "5.2.2.4 no-cache", lines: "Cache-Control: no-cache, max-age=60|ETag: a", left: -1},
		{section: "5.2.2.4 ... with nothing else", lines: "Cache-Control: no-cache|ETag: a", left: -1},
		{section: "5.2.2.4 ... that cannot be validated", lines: "Cache-Control: no-cache", refused: noUse},
		{section: "5.2.2.4 ... for a field", lines: `Cache-Control: no-cache="a, max-age=5", max-age=60|ETag: a`, left: -1},
		{section: "5.2.2.7 private for a field", lines: `Cache-Control: private="a", max-age=60`, refused: "Cache-Control says private"},
		{section: "5.2.3 a word in a word", lines: "Cache-Control: x-no-store, no-cache-x, max-age=60", left: 59},
		{section: "5.2.3 a word in quotes", lines: `Cache-Control: x="no-store, private", max-age=60`, left: 59},
		{section: "5.2 a number in quotes", lines: `Cache-Control: Max-Age="60"`, left: 59},

		{section: "5.3 Expires that is no date", lines: "Expires: 0|ETag: a", left: -1},
		{section: "5.3 ... not GMT", lines: "Expires: Sun, 09 Sep 2001 01:47:40 UTC|ETag: a", left: -1},
		{section: "5.3 ... past", lines: "Expires: Sun, 09 Sep 2001 01:46:00 GMT|ETag: a", left: -1},
		{section: "5.4 Pragma of a response means nothing", lines: "Pragma: no-cache|Cache-Control: max-age=60", left: 59},

		{section: "5.2.1.5 no-store of the request", lines: "Cache-Control: max-age=60", in: Context{NoStore: true}, refused: "the request says no-store"},

		{section: "nginx: cookies", lines: "Cache-Control: max-age=60|Set-Cookie: a=b", refused: "the response sets a cookie"},
		{section: "nginx: X-Accel-Expires", lines: "Cache-Control: no-store|X-Accel-Expires: 10|Age: 99", left: 10},
		{section: "nginx: ... at a time", lines: "X-Accel-Expires: @1000000010", left: 10},
		{section: "nginx: ... 0", lines: "Cache-Control: max-age=60|X-Accel-Expires: 0", refused: "X-Accel-Expires is 0"},
		{section: "nginx: ... invalid", lines: "Cache-Control: max-age=60|X-Accel-Expires: x", left: 59},
	} {
		t.Run(c.section, func(t *testing.T) {
			c.in.Now = now
			if c.in.Status == 0 {
				c.in.Status = 200
			}
			s := rfc9111Of(strings.Split(c.lines, "|")...)
			j := s.Judge(&c.in)
			if j.Refused != c.refused {
				t.Fatalf("%s: refused %q, want %q", c.lines, j.Refused, c.refused)
			}
			left := max(j.Valid-now, -1)
			if c.refused == "" && (left != c.left || j.Basis == "") {
				t.Errorf("%s: %d seconds left by %q, want %d", c.lines, left, j.Basis, c.left)
			}
		})
	}
}

// rfc9111Of gives "Name: value" lines to a RFC9111.
func rfc9111Of(lines ...string) *RFC9111 {
	s := new(RFC9111)
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		s.Field(h1.LookupField([]byte(name)), []byte(value), 0, join)
	}
	return s
}

// TestStrict has a row for each rule about responses that are not fresh any more.
func TestStrict(t *testing.T) {
	for _, c := range []struct {
		section, lines  string
		want            Strict
		updating, error int64
	}{
		{"4.2.4 nothing forbids it", "Cache-Control: max-age=60", Free, 0, 0},
		{"5.2.2.2 must-revalidate", "Cache-Control: max-age=60, must-revalidate, stale-if-error=5", Always, 0, 0},
		{"5.2.2.8 proxy-revalidate", "Cache-Control: max-age=60, proxy-revalidate, stale-while-revalidate=5", Always, 0, 0},
		{"5.2.2.4 no-cache", "Cache-Control: no-cache, stale-if-error=5|ETag: a", Always, 0, 0},
		{"5.2.2.10 s-maxage", "Cache-Control: s-maxage=60", Own, 0, 0},
		{"5.2.2.10 ... and the response allows it", "Cache-Control: s-maxage=60, stale-while-revalidate=5", Own, 5, 5},
		{"RFC 5861", "Cache-Control: max-age=60, stale-while-revalidate=5, stale-if-error=9", Free, 5, 9},
		{"RFC 5861 without a validator", "Cache-Control: max-age=0, stale-if-error=9", Free, 0, 9},
		{"RFC 5861 invalid", "Cache-Control: max-age=60, stale-while-revalidate=x", Free, 0, 0},
		{"nginx: X-Accel-Expires", "Cache-Control: must-revalidate|X-Accel-Expires: 10", Free, 0, 0},
	} {
		s := rfc9111Of(strings.Split(c.lines, "|")...)
		j := s.Judge(&Context{Status: 200, Now: now})
		if s.Strict() != c.want || j.Updating != c.updating || j.Error != c.error || j.Refused != "" {
			t.Errorf("%s: %v, %+v", c.section, s.Strict(), j)
		}
	}
}

// TestIgnored: fields of *_ignore_headers are as if they were not there.
func TestIgnored(t *testing.T) {
	s := new(RFC9111)
	const all = IgnoreAccelExpires | IgnoreExpires | IgnoreCacheControl | IgnoreSetCookie | IgnoreVary
	for _, line := range []string{"Cache-Control: no-store", "Set-Cookie: a=b", "Vary: *", "X-Accel-Expires: 0", "Expires: 0"} {
		name, value, _ := strings.Cut(line, ": ")
		s.Field(h1.LookupField([]byte(name)), []byte(value), all, join)
	}
	if j := s.Judge(&Context{Status: 200, Now: now, Valid: 5}); j.Refused != "" || j.Valid != now+5 || s.Vary() != nil {
		t.Errorf("%+v", j)
	}
}

// TestControl has the forms of Cache-Control, in requests.
func TestControl(t *testing.T) {
	for _, c := range []struct {
		values string
		want   Control
	}{
		{"", Control{}},
		{" , ,", Control{}},
		{"no-cache", Control{Set: NoCache}},
		{"NO-CACHE , no-store", Control{Set: NoCache | NoStore}},
		{"max-age=5|only-if-cached", Control{Set: MaxAge | OnlyIfCached, MaxAge: 5}},
		{"max-age", Control{Set: MaxAge}},
		{"max-age=", Control{Set: MaxAge}},
		{"max-age=5x", Control{Set: MaxAge}},
		{"max-age = 5", Control{Set: MaxAge, MaxAge: 5}},
		{"max-stale", Control{Set: MaxStale, MaxStale: maxDelta}},
		{"max-stale=7", Control{Set: MaxStale, MaxStale: 7}},
		{"max-stale=x", Control{}},
		{"min-fresh=7, min-fresh=9", Control{Set: MinFresh, MinFresh: 7}},
		{"min-fresh", Control{}},
		{`a="no-store, \", no-cache", max-age="8"`, Control{Set: MaxAge, MaxAge: 8}},
		{`a="no-store`, Control{}},
		{`a="\`, Control{}},
		{"nothing-to-see-here", Control{}},
	} {
		var got Control
		for value := range strings.SplitSeq(c.values, "|") {
			got.Add([]byte(value))
		}
		if got != c.want {
			t.Errorf("%q: %+v, want %+v", c.values, got, c.want)
		}
	}
}

// FuzzRFC9111 feeds values of all kinds to what judges them.
func FuzzRFC9111(f *testing.F) {
	f.Add("max-age=5, stale-while-revalidate=", "Accept, *", 5, int64(3))
	f.Add(`no-cache="a,b", s-maxage=99999999999999999999999`, ",,,", 206, int64(0))
	f.Add("@", "", 404, int64(-1))
	f.Fuzz(func(t *testing.T, value, vary string, status int, valid int64) {
		s := new(RFC9111)
		for _, id := range []h1.FieldID{h1.XAccelExpires, h1.Expires, h1.CacheControl, h1.Age, h1.Date, h1.LastModified, h1.ETag} {
			s.Field(id, []byte(value), 0, join)
		}
		s.Field(h1.Vary, []byte(vary), 0, join)
		j := s.Judge(&Context{Status: status, Now: now, Valid: min(valid, 1<<40)})
		switch {
		case j.Refused != "":
		case j.Basis == "", j.Born > now, len(s.Vary()) > MaxVary, j.Updating < 0, j.Error < 0:
			t.Errorf("%+v", j)
		}
	})
}
