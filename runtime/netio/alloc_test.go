//go:build !race

// The race detector makes sync.Pool drop values at random, so allocations are
// counted without it.

package netio

import (
	"io"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
)

func TestParkDoesNotAllocate(t *testing.T) {
	client, server := pair(t)
	poller := newIdlePoller(t, IdlePollerOptions{})
	woke := make(chan Event)
	resume := func(_ *Conn, why Event) { woke <- why }
	b := make([]byte, 1)
	round := func() {
		if err := server.Park(poller, time.Minute, resume); err != nil {
			t.Fatal(err)
		}
		_, _ = client.Write(b)
		<-woke
		_, _ = server.Read(b)
	}
	round()
	if n := testing.AllocsPerRun(200, round); n != 0 {
		t.Errorf("%v allocations per parking", n)
	}
}

func TestEchoDoesNotAllocate(t *testing.T) {
	client, server := pair(t)
	p := buf.NewPool(512)
	msg := []byte("ping")
	vec := make([][]byte, 0, 2)
	in := make([]byte, 16)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			b, n, err := server.ReadPooled(p)
			if err != nil {
				return
			}
			vec = append(vec[:0], b.B[:1], b.B[1:n])
			_, _ = server.Writev(vec...)
			b.Free()
		}
	}()
	n := testing.AllocsPerRun(1000, func() {
		_, _ = client.Write(msg)
		_, _ = client.Read(in)
	})
	if n != 0 {
		t.Errorf("%v allocations per request", n)
	}
	_ = client.Close()
	within(t, done, "the server did not see the end")
	if _, _, err := server.ReadPooled(p); err != io.EOF {
		t.Error(err)
	}
}
