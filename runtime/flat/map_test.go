package flat

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// same compares a Map and Texts of words with Go's own maps.
func same(t *testing.T, words []string) {
	t.Helper()
	var m Map
	var texts Texts
	want, places := map[string]uint64{}, map[string]uint64{}
	for i, w := range words {
		v := uint64(i) * 0x10001 % (1 << 40)
		_, there := want[w]
		if added := m.Add(w, v); added == there {
			t.Fatalf("Add(%q) = %v", w, added)
		}
		place := texts.Add(w)
		if old, ok := places[w]; ok && old != place {
			t.Fatalf("%q has the numbers %d and %d", w, old, place)
		}
		if places[w] = place; !there {
			want[w] = v
		}
	}
	for range 2 {
		if m.Len() != len(want) || texts.Len() != len(want) {
			t.Fatalf("%d keys, %d texts, want %d", m.Len(), texts.Len(), len(want))
		}
		for w, v := range want {
			if got, ok := m.Find([]byte(w)); !ok || got != v {
				t.Fatalf("Find(%q) = %d, %v, want %d", w, got, ok, v)
			}
			if got := texts.Get(places[w]); string(got) != w || cap(got) != len(got) {
				t.Fatalf("Get = %q, want %q", got, w)
			}
			for _, other := range []string{w + "x", "x" + w, w[:len(w)/2]} {
				_, known := want[other]
				if _, ok := m.Find([]byte(other)); ok != known {
					t.Fatalf("Find(%q) = %v", other, ok)
				}
			}
		}
		m.Clip()
		texts.Clip()
	}
}

func TestMap(t *testing.T) {
	long := strings.Repeat("k", 127)
	var many []string
	for i := range 20000 {
		many = append(many, fmt.Sprintf("/key/%d", i*7919%15000))
	}
	for _, c := range []struct {
		name  string
		words []string
	}{
		{"nothing", nil},
		{"empty text", []string{"", ""}},
		{"few", []string{"a", "b", "", "a", "ab", "\x00", "\x00\x00"}},
		{"lengths", []string{long, long + "k", long + "kk", strings.Repeat("k", 1<<14), strings.Repeat("k", 1<<15)}},
		{"many", many},
	} {
		t.Run(c.name, func(t *testing.T) { same(t, c.words) })
	}
}

func FuzzMap(f *testing.F) {
	f.Add([]byte("a b c a"))
	f.Add([]byte("  \x00 x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var words []string
		for _, w := range bytes.Split(text, []byte(" ")) {
			words = append(words, string(w))
		}
		same(t, words)
	})
}

// TestMemory: an entry costs its key, its number and two slots at most.
func TestMemory(t *testing.T) {
	const n = 300_000
	live := func() uint64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	before := live()
	var m Map
	for i := range uint64(n) {
		m.Add(fmt.Sprintf("/key%07d", i), i)
	}
	m.Clip()
	perKey := float64(live()-before) / n
	if runtime.KeepAlive(&m); perKey > 11+1+numberSize+24 {
		t.Errorf("%.1f bytes a key", perKey)
	}
}

func TestFindDoesNotAllocate(t *testing.T) {
	var m Map
	m.Add("key", 1)
	key := []byte("key")
	if n := testing.AllocsPerRun(100, func() { m.Find(key) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// keys are the texts of the benchmarks, and in which order they are looked up.
func keys() (list [][]byte) {
	for i := range 1_000_000 {
		list = append(list, fmt.Appendf(nil, "/key%07d", i*7919%1_000_000))
	}
	return list
}

func BenchmarkFind(b *testing.B) {
	list := keys()
	for _, n := range []int{10, 1000, 1_000_000} {
		var m Map
		plain := map[string]*[]byte{}
		for _, k := range list[:n] {
			m.Add(string(k), 1)
			plain[string(k)] = &k
		}
		m.Clip()
		b.Run(fmt.Sprintf("flat/%d", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				m.Find(list[i%n])
			}
		})
		b.Run(fmt.Sprintf("plain/%d", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				_ = plain[string(list[i%n])]
			}
		})
	}
}
