package pass

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/spool"
)

// TestCrashed: after a panic no buffer of the response goes back to its pool. Whoever gets it from there might share it.
func TestCrashed(t *testing.T) {
	x := &Exchange{S: &Settings{}}
	held, queued := buf.Sized(readSize), buf.Sized(readSize)
	p := &x.body
	p.buf, p.lastAhead = held, newAhead(x)
	p.lastAhead.spool.Begin(spool.Limits{Pieces: 1, Size: readSize})
	if !p.lastAhead.spool.Push(queued, 10) {
		t.Fatal("not taken")
	}
	p.crashed()
	p.stop(x)
	for range 4 {
		if b := buf.Sized(readSize); b == held || b == queued {
			t.Fatal("a buffer of the request that has panicked is used again")
		}
	}
}
