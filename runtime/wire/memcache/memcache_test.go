package memcache_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/wire/memcache"
)

func TestAppendGet(t *testing.T) {
	for key, want := range map[string]string{
		"/a?b=c":           "get /a?b=c\r\n",
		"a b%c":            "get a%20b%25c\r\n",
		"a\r\nset x 0 0 1": "get a%0D%0Aset%20x%200%200%201\r\n",
		"\x00\x7f\xff":     "get %00\x7f\xff\r\n",
		"":                 "get \r\n",
	} {
		if got := memcache.AppendGet([]byte("x"), []byte(key)); string(got) != "x"+want {
			t.Errorf("%q: %q", key, got)
		}
	}
}

var replies = []struct {
	in, want, flagless string // flagless: "" by want
}{
	{"VALUE k 0 5\r\nhello", `found 0 5 "VALUE k 0 5" 13`, ""},
	{"VALUE k 4294967295 0\r\n", `found 4294967295 0 "VALUE k 4294967295 0" 22`, `found 0 0 "VALUE k 4294967295 0" 22`},
	{"VALUE k 1 9223372036854775807\r\n", `found 1 9223372036854775807 "VALUE k 1 9223372036854775807" 31`, `found 0 9223372036854775807 "VALUE k 1 9223372036854775807" 31`},
	{"VALUE k 1 9223372036854775808\r\n", `length "VALUE k 1 9223372036854775808"`, ""},
	{"VALUE k 0 -1\r\n", `length "VALUE k 0 -1"`, ""},
	{"VALUE k 0 5 17\r\n", `length "VALUE k 0 5 17"`, ""},
	{"VALUE k 0 \r\n", `length "VALUE k 0 "`, ""},
	{"VALUE k  5\r\n", `flags "VALUE k  5"`, `found 0 5 "VALUE k  5" 12`},
	{"VALUE k x 5\r\n", `flags "VALUE k x 5"`, `found 0 5 "VALUE k x 5" 13`},
	{"VALUE k x\x00 5\r\n", `bad "VALUE k x\x00 5"`, ""},
	{"VALUE k 0\r\n", `bad "VALUE k 0"`, ""},
	{"VALUE k\r\n", `bad "VALUE k"`, ""},
	{"VALUE kk 0 5\r\n", `bad "VALUE kk 0 5"`, ""},
	{"VALUE j 0 5\r\n", `key "VALUE j 0 5"`, ""},
	{"VALUE \r\n", `key "VALUE "`, ""},
	{"VALUE\r\n", `bad "VALUE"`, ""},
	{"value k 0 5\r\n", `bad "value k 0 5"`, ""},
	{"END\r\n", `missing "END" 5`, ""},
	{"END\r\nEND\r\n", `missing "END" 5`, ""},
	{"END\n", `bad "END"`, ""},
	{"END \r\n", `bad "END "`, ""},
	{"ERROR\r\n", `bad "ERROR"`, ""},
	{"SERVER_ERROR out of memory\r\n", `bad "SERVER_ERROR out of memory"`, ""},
	{"\r\n", `bad ""`, ""},
	{"\n", `bad ""`, ""},
	{"VALUE k 0 5\n", `bad "VALUE k 0 5"`, ""},
	{"\r", "again", ""},
	{"", "again", ""},
	{"VALUE k 0 5\r", "again", ""},
}

var names = map[memcache.Status]string{
	memcache.Again: "again", memcache.Found: "found", memcache.Missing: "missing", memcache.BadReply: "bad",
	memcache.BadKey: "key", memcache.BadFlags: "flags", memcache.BadLength: "length",
}

func parse(in []byte, flags bool) string {
	var r memcache.Reply
	n, st := memcache.ParseReply(in, []byte("k"), flags, &r)
	switch st {
	case memcache.Again:
		return names[st]
	case memcache.Found:
		return fmt.Sprintf("found %d %d %q %d", r.Flags, r.Length, r.Line, n)
	case memcache.Missing:
		return fmt.Sprintf("missing %q %d", r.Line, n)
	}
	return fmt.Sprintf("%s %q", names[st], r.Line)
}

func TestParseReply(t *testing.T) {
	for _, tc := range replies {
		if got := parse([]byte(tc.in), true); got != tc.want {
			t.Errorf("%q: %s, want %s", tc.in, got, tc.want)
		}
		want := tc.want
		if tc.flagless != "" {
			want = tc.flagless
		}
		if got := parse([]byte(tc.in), false); got != want {
			t.Errorf("%q without flags: %s, want %s", tc.in, got, want)
		}
	}
}

// FuzzReply: every beginning of a line is incomplete, and what follows the line does not matter.
func FuzzReply(f *testing.F) {
	for _, tc := range replies {
		f.Add([]byte(tc.in), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, flags bool) {
		want := parse(in, flags)
		line := bytes.IndexByte(in, '\n')
		for i := range line + 1 {
			if got := parse(in[:i], flags); got != "again" {
				t.Fatalf("%q, a beginning of %q: %s", in[:i], in, got)
			}
		}
		if got := parse(append(bytes.Clone(in), "x\r\n"...), flags); want != "again" && got != want {
			t.Fatalf("%q: %s, with more behind it %s", in, want, got)
		}
	})
}

var values = []struct {
	length   int64
	in, want string
}{
	{5, "hello\r\nEND\r\n", `"hello" end 0`},
	{0, "\r\nEND\r\n", `"" end 0`},
	{5, "hello\r\nEND\r\nx", `"hello" bad trailer 7`},
	{5, "hello\r\nEND\n", `"hello" bad trailer 7`},
	{5, "hello world", `"hello" bad trailer 7`},
	{5, "hello", `"hello" more 7`},
	{5, "hello\r\nE", `"hello" more 4`},
	{5, "hel", `"hel" more 9`},
	{math.MaxInt64, "hel", `"hel" more 9223372036854775807`},
}

// feed gives in to a value in two pieces.
func feed(length int64, in string, cut int) string {
	var v memcache.Value
	var all []byte
	v.Reset(length)
	for _, piece := range []string{in[:cut], in[cut:]} {
		data, p := v.Next([]byte(piece))
		all = append(all, data...)
		switch {
		case p == memcache.BadTrailer:
			return fmt.Sprintf("%q bad trailer %d", all, v.Left())
		case p == memcache.End && piece == in[cut:]:
			return fmt.Sprintf("%q end %d", all, v.Left())
		}
	}
	return fmt.Sprintf("%q more %d", all, v.Left())
}

func TestValue(t *testing.T) {
	for _, tc := range values {
		if got := feed(tc.length, tc.in, 0); got != tc.want {
			t.Errorf("%d %q: %s, want %s", tc.length, tc.in, got, tc.want)
		}
	}
}

// FuzzValue: where the pieces of an answer meet does not matter, but to what is left of a broken one.
func FuzzValue(f *testing.F) {
	for _, tc := range values {
		f.Add(tc.length, tc.in)
	}
	f.Fuzz(func(t *testing.T, length int64, in string) {
		if length < 0 || len(in) > 1000 {
			return
		}
		want, _, broken := strings.Cut(feed(length, in, 0), " bad")
		for cut := range in {
			if got, _, bad := strings.Cut(feed(length, in, cut), " bad"); got != want || bad != broken {
				t.Fatalf("%d %q, cut at %d: %s %v, want %s %v", length, in, cut, got, bad, want, broken)
			}
		}
	})
}

func TestAllocs(t *testing.T) {
	q, in := make([]byte, 0, 100), []byte("VALUE a%20b 1 5\r\nhello\r\nEND\r\n")
	key := []byte("a b")
	if n := testing.AllocsPerRun(100, func() {
		var r memcache.Reply
		var v memcache.Value
		q := memcache.AppendGet(q, key)
		n, st := memcache.ParseReply(in, q[4:len(q)-2], true, &r)
		v.Reset(r.Length)
		if _, p := v.Next(in[n:]); st != memcache.Found || p != memcache.End {
			t.Error(st, p)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
