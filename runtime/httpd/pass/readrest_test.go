package pass

import (
	"testing"
)

// TestReadRestInterrupted: what a client that has left interrupts is no failure of the
// peer.
func TestReadRestInterrupted(t *testing.T) {
	c, _ := connected(t)
	x := &Exchange{S: &Settings{}, Reply: Reply{Buffering: true}, Attempt: Attempt{conn: c}}
	x.S.Buffers.Size = 4096
	x.Response.Chunked = true
	p := &x.body
	p.x, p.mem, p.to, p.raw, p.end = x, make([]byte, 4096), 10, 20, 20
	for _, interrupted := range []bool{false, true} {
		if interrupted {
			c.Net.Interrupt()
		}
		if p.readRest() || p.over != nil {
			t.Errorf("interrupted %v: %v", interrupted, p.over)
		}
	}
}
