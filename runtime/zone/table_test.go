package zone

import (
	"fmt"
	"testing"
)

func TestTable(t *testing.T) {
	z := New[int](32<<10, 80)
	a, b := z.Add([]byte("a")), z.Add([]byte("b"))
	if z.Find([]byte("a")) != a || z.Find([]byte("c")) != nil || z.Len() != 2 {
		t.Error("not found, or found what is not there")
	}
	if z.Oldest() != b {
		t.Error("the one that was found is the oldest")
	}
	z.Remove(b)
	if z.Oldest() != a || z.Find([]byte("b")) != nil || z.Len() != 1 {
		t.Error("removed, and still there")
	}
	z.Remove(a)
	if z.Oldest() != nil {
		t.Error("empty, and has an oldest")
	}
}

// A zone of a megabyte has room for about 16 000 states of 64 bytes and 8 000 of
// 128, as nginx's documentation says.
func TestRoom(t *testing.T) {
	for _, c := range []struct {
		size             int64
		perItem, low, up int
	}{
		{1 << 20, 36, 16000, 16384},
		{1 << 20, 80, 8000, 8192},
		{32 << 10, 80, 100, 256},
		{1 << 20, 5000, 100, 128},
		{0, 36, 0, 0},
	} {
		z := New[struct{}](c.size, c.perItem)
		n := 0
		for z.Add(fmt.Appendf(nil, "%08d", n)) != nil {
			n++
		}
		if n < c.low || n > c.up {
			t.Errorf("%d bytes, %d each: %d entries", c.size, c.perItem, n)
		}
		if n > 0 {
			z.Remove(z.Oldest())
			if z.Add([]byte("12345678")) == nil {
				t.Errorf("%d bytes, %d each: removing makes no room", c.size, c.perItem)
			}
		}
	}
}
