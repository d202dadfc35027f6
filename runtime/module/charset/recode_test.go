package charset

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sluiceproxy/sluice/runtime/buf"
)

// koi is a small map between a single-byte set and UTF-8.
func koi(t testing.TB) *conversion {
	t.Helper()
	m := &conversion{from: &set{}, to: &set{utf8: true}}
	m.forward, m.back = newTables(true)
	for src, digits := range map[byte]string{0x80: "E282AC", 0xc0: "D18E", 0xc1: "d0b0"} {
		if !m.addSequence(src, digits) {
			t.Fatalf("%q is refused", digits)
		}
	}
	return m
}

// convert runs the pieces of a body through a table.
func convert(t *table, pieces ...string) string {
	f := recoder{table: t, out: buf.Sized(outSize)}
	defer f.out.Free()
	var b strings.Builder
	for _, p := range pieces {
		for rest := []byte(p); len(rest) > 0; {
			rest = f.recode(rest)
			b.Write(f.out.B[:f.used])
		}
	}
	return b.String()
}

func TestFromUTF8(t *testing.T) {
	back := koi(t).back
	for _, c := range []struct {
		name   string
		pieces []string
		want   string
	}{
		{"ascii", []string{"plain"}, "plain"},
		{"mapped", []string{"€ю-а"}, "\x80\xc0-\xc1"},
		{"not in the map", []string{"я😀"}, "&#1103;&#128512;"},
		{"cut after one byte", []string{"x\xe2", "\x82\xacy"}, "x\x80y"},
		{"cut after two bytes", []string{"x\xe2\x82", "\xacy"}, "x\x80y"},
		{"byte by byte", []string{"\xf0", "\x9f", "\x98", "\x80", "z"}, "&#128512;z"},
		{"cut, then wrong", []string{"\xe2\x82", "yz"}, "?z"},
		{"cut late, wrong early", []string{"\xf0xy", "z"}, "?z"},
		{"cut, then more", []string{"\xd1", "\x8e€"}, "\xc0\x80"},
		{"cut at the end", []string{"end\xe2\x82"}, "end"},
		{"no sequence", []string{"\xff-\x80-\xc0\x80"}, "?-?-??"},
		{"a wrong byte is part of it", []string{"\xc3xy"}, "?y"},
		{"longer than needed", []string{"\xe0\x80\x80-"}, "?-"},
		{"beyond Unicode", []string{"\xf4\x90\x80\x80-"}, "?-"},
		{"surrogate", []string{"\xed\xa0\x80"}, "&#55296;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := convert(&back, c.pieces...); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestToUTF8(t *testing.T) {
	forward := koi(t).forward
	if got, want := convert(&forward, "a\x80\xc0\xff"), "a€ю?"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSingleBytes(t *testing.T) {
	forward, back := newTables(false)
	forward.bytes['X'], back.bytes['Y'] = 'Y', 'X'
	if got, want := convert(&forward, "aX\xff"), "aY?"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := convert(&back, "aY"), "aX"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A body larger than the buffer that is passed on arrives as a whole.
func TestLongPieces(t *testing.T) {
	m := koi(t)
	const n = outSize + 3
	if got := convert(&m.forward, strings.Repeat("\x80", n)); got != strings.Repeat("€", n) {
		t.Errorf("%d bytes of UTF-8", len(got))
	}
	if got := convert(&m.back, strings.Repeat("я", n)); got != strings.Repeat("&#1103;", n) {
		t.Errorf("%d bytes from UTF-8", len(got))
	}
}

func TestSequencesOfAMap(t *testing.T) {
	m := koi(t)
	for _, c := range []struct {
		digits string
		ok     bool
	}{
		{"D090", true},
		{"d090", true},
		{"E282AC", true},
		{"F0909080", false},
		{"D09", false},
		{"41", false},
		{"", false},
		{"ZZ90", false},
		{"E282", false},
	} {
		if got := m.addSequence(0x90, c.digits); got != c.ok {
			t.Errorf("%q: %v", c.digits, got)
		}
	}
}

func TestRecodeDoesNotAllocate(t *testing.T) {
	m := koi(t)
	f := recoder{table: &m.back, out: buf.Sized(outSize)}
	defer f.out.Free()
	body := []byte(strings.Repeat("€ я text ", 100))
	if n := testing.AllocsPerRun(100, func() { f.recode(body) }); n != 0 {
		t.Errorf("%v allocations for a piece", n)
	}
}

// However a body is cut, the result is the same, unless it is not UTF-8: then
// nginx and we lose up to two bytes behind a sequence that was cut.
func FuzzFromUTF8(f *testing.F) {
	for _, s := range []string{"€ю-а", "я😀", "\xe2\x82", "\xc3x", "\xff\x80", "\xf4\x90\x80\x80", "plain"} {
		f.Add([]byte(s), 1)
	}
	m := koi(f)
	f.Fuzz(func(t *testing.T, body []byte, at int) {
		if at < 0 || at > len(body) {
			return
		}
		whole := convert(&m.back, string(body))
		if cut := convert(&m.back, string(body[:at]), string(body[at:])); cut != whole && utf8.Valid(body) {
			t.Errorf("cut at %d: %q, as a whole %q", at, cut, whole)
		}
	})
}

func BenchmarkFromUTF8(b *testing.B) {
	m := koi(b)
	f := recoder{table: &m.back, out: buf.Sized(outSize)}
	defer f.out.Free()
	body := []byte(strings.Repeat("€ я text ", 1000))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		for rest := body; len(rest) > 0; {
			rest = f.recode(rest)
		}
	}
}
