package pass

import (
	"net"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// TestReadRestInterrupted: what a client that has left interrupts is no failure of the
// peer.
func TestReadRestInterrupted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c, err := upstream.Begin(&netio.DialSpec{Addr: netaddr.AddrOf(l.Addr())}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Connect(time.Minute); err != nil {
		t.Fatal(err)
	}
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
