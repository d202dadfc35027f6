package pairs

import (
	"fmt"
	"strings"
	"testing"
)

// TestPrefixWork: a look-up takes each byte of a key once, however many lengths the keys of the zone have, and tries no other.
func TestPrefixWork(t *testing.T) {
	s := open(t, Options{Type: Prefix, Size: 16 << 20})
	add := func(n int) {
		t.Helper()
		if err := s.Add(strings.Repeat("k", n), fmt.Sprint(n), 0); err != nil {
			t.Fatal(err)
		}
	}
	key := []byte(strings.Repeat("k", 64<<10))
	look := func(key []byte, want string, taken int) {
		t.Helper()
		var h prefixHash
		r := s.byPrefix(key, s.lengths.Load(), &h)
		if r == nil && want != "" || r != nil && string(r.value.Load().text) != want {
			t.Errorf("%v, want %q", r, want)
		}
		if h.taken != taken {
			t.Errorf("%d bytes hashed, want %d", h.taken, taken)
		}
		if got, _ := s.Get(key); string(got) != want {
			t.Errorf("got %.10q, want %q", got, want)
		}
	}
	add(1)
	add(100)
	add(3000)
	if n := len(s.lengths.Load().list); n != 3 {
		t.Errorf("%d lengths", n)
	}
	look(key, "3000", 3000)
	look(key[:2999], "100", 100)
	key[50] = 'x'
	look(key, "1", 3000)
	for n := 3001; n < 5000; n++ {
		add(n)
	}
	look(key, "1", 4999)
	key[0] = 'x'
	look(key, "", 4999)
	var h prefixHash
	h.begin(s.hash)
	for _, n := range []int{0, 1, 127, 128, 129, 256, 300, 4000, len(key)} {
		if h.upTo(key, n) != s.hash.text(key[:n]) {
			t.Errorf("another hash of %d bytes", n)
		}
	}
}
