//go:build !race

package referer

import "testing"

type arena struct{ b [512]byte }

func (a *arena) Alloc(n int) []byte { return a.b[:n] }

func TestValidDoesNotAllocate(t *testing.T) {
	l := build(t, "www.example.com", "path.example.net/dir", `~\.google\.`)
	a := &arena{}
	refs := [][]byte{[]byte("http://path.example.net/dir/x"), []byte("http://www.google.com/")}
	if n := testing.AllocsPerRun(100, func() {
		for _, r := range refs {
			l.valid(r, true, a)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
