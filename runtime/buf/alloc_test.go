//go:build !race

// The race detector makes sync.Pool drop values at random, so allocations are
// counted without it.

package buf

import "testing"

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	p := NewPool(4096)
	p.Get().Free()
	n := testing.AllocsPerRun(1000, func() {
		b := p.Get()
		b.B = b.B[:1]
		b.Free()
		Sized(3000).Free()
	})
	if n != 0 {
		t.Errorf("%v allocations per loan", n)
	}
}
