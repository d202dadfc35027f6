package sub

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// newSearch makes a search for texts in lower case.
func newSearch(texts ...string) *search {
	s := new(search)
	for _, t := range texts {
		s.list = append(s.list, match{text: []byte(t)})
	}
	s.prepare()
	return s
}

// find returns a body that comes in pieces with each match in brackets.
func find(s *search, once, flush bool, pieces ...string) string {
	var f finder
	f.start(s, once)
	var out []byte
	for _, piece := range pieces {
		for p := []byte(piece); len(p) > 0; {
			i, from, to, what := f.next(p, flush)
			if n := len(f.kept) + min(from, 0); n > 0 {
				out = append(out, f.kept[:n]...)
			}
			out = append(out, p[:max(from, 0)]...)
			if what == whole {
				out = fmt.Appendf(out, "[%s]", s.list[i].text)
			}
			p = f.take(p, i, to, what)
			if len(f.kept) >= s.max {
				return fmt.Sprintf("%d bytes kept", len(f.kept))
			}
		}
	}
	return string(append(out, f.kept...))
}

// reference is find for a whole body, without tables: at each place the texts
// in the order of the search. The end of the body that is the beginning of a
// text may be nothing else.
func reference(s *search, once bool, body string) string {
	var out strings.Builder
	used := make([]bool, len(s.list))
next:
	for at := 0; at < len(body); {
		for i := range s.list {
			t := string(s.list[i].text)
			if !(once && used[i]) && strings.HasPrefix(t, string(fold(body[at:]))) && len(t) > len(body)-at {
				return out.String() + body[at:]
			}
			if !(once && used[i]) && len(body)-at >= len(t) && string(fold(body[at:at+len(t)])) == t {
				out.WriteString("[" + t + "]")
				used[i] = true
				at += len(t)
				continue next
			}
		}
		out.WriteByte(body[at])
		at++
	}
	return out.String()
}

func fold(s string) []byte {
	b := []byte(s)
	for i, c := range b {
		b[i] = lower[c]
	}
	return b
}

var bodies = []struct {
	texts []string
	body  string
}{
	{[]string{"hello"}, "Hello HELLO hellohello hell hello hel"},
	{[]string{"a"}, "aAbBaA"},
	{[]string{"aa"}, "aaaaa a aa"},
	{[]string{"aab"}, "aaaab aab aaab"},
	{[]string{"one", "two", "three", "onetwo"}, "one two three onetwo threetwoone thr"},
	{[]string{"abab", "bababc", "aab"}, "ababab aababc bababc abababc aaab abaaab aba"},
	{[]string{"abc", "abcdef"}, "abcdef abcde abc"},
	{[]string{"abcdef", "abc"}, "abcdef abcde abc"},
	{[]string{"bc", "abcd"}, "abcd abc bcd"},
	{[]string{"a", "abc"}, "abc ab a"},
	{[]string{"\x00\xff", "\xff\xfe\xfd"}, "\x00\xff\xff\xfe\xfd\xff"},
	{[]string{strings.Repeat("ab", 200)}, strings.Repeat("ab", 450)},
}

func TestFind(t *testing.T) {
	for _, c := range bodies {
		s := newSearch(c.texts...)
		t.Run(strings.Join(c.texts, " ")[:min(20, len(strings.Join(c.texts, " ")))], func(t *testing.T) {
			for _, once := range []bool{true, false} {
				want := reference(s, once, c.body)
				for _, flush := range []bool{true, false} {
					if got := find(s, once, flush, c.body); got != want {
						t.Errorf("once %v, flush %v: %q, want %q", once, flush, got, want)
					}
					if got := find(s, once, flush, strings.Split(c.body, "")...); got != want {
						t.Errorf("once %v, flush %v, in bytes: %q, want %q", once, flush, got, want)
					}
					for i := range c.body {
						if got := find(s, once, flush, c.body[:i], c.body[i:]); got != want {
							t.Errorf("once %v, flush %v, cut at %d: %q, want %q", once, flush, i, got, want)
						}
					}
				}
			}
		})
	}
}

// With flush, what cannot begin a match is not kept.
func TestFlush(t *testing.T) {
	s := newSearch("abcdef")
	for body, want := range map[string]int{"xyz": 0, "xab": 2, "aba": 1, "abcde": 5, "abcdef": 0} {
		var f finder
		f.start(s, false)
		for p := []byte(body); len(p) > 0; {
			i, _, to, what := f.next(p, true)
			p = f.take(p, i, to, what)
		}
		if len(f.kept) != want {
			t.Errorf("%s: %q is kept, want %d bytes", body, f.kept, want)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, c := range bodies {
		f.Add(strings.Join(c.texts, " "), c.body, uint16(3), true)
	}
	f.Fuzz(func(t *testing.T, texts, body string, n uint16, once bool) {
		var list []string
		for _, text := range strings.Split(texts, " ") {
			if text != "" && len(list) < maxPairs {
				list = append(list, string(fold(text)))
			}
		}
		if len(list) == 0 || n == 0 {
			return
		}
		s := newSearch(list...)
		want := find(s, once, false, body)
		var pieces []string
		for p := body; p != ""; p = p[min(int(n), len(p)):] {
			pieces = append(pieces, p[:min(int(n), len(p))])
		}
		for _, flush := range []bool{true, false} {
			if got := find(s, once, flush, pieces...); got != want {
				t.Errorf("%q in pieces of %d, flush %v: %q, as a whole %q", list, n, flush, got, want)
			}
		}
		if got := strings.NewReplacer("[", "", "]", "").Replace(string(fold(want))); !strings.ContainsAny(body+texts, "[]") && got != string(fold(body)) {
			t.Errorf("%q of %q", got, body)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	page := bytes.Repeat([]byte(`<p>An <a href="http://example.com/path">ordinary</a> page with some text in it.</p>`+"\n"), 400)
	for _, c := range []struct {
		name  string
		texts []string
	}{
		{"one", []string{`href="http://127.0.0.1:8080/`}},
		{"two", []string{`href="http://127.0.0.1:8080/`, `src="http://127.0.0.1:8080/`}},
		{"short", []string{"zq"}},
		{"many", []string{"http://a.example.com", "http://b.example.com", "http://c.example.com", "https://d.example.com", "</body>"}},
	} {
		s := newSearch(c.texts...)
		b.Run(c.name, func(b *testing.B) {
			var f finder
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				f.start(s, false)
				for p := page; len(p) > 0; {
					i, _, to, what := f.next(p, false)
					p = f.take(p, i, to, what)
				}
			}
		})
	}
}
