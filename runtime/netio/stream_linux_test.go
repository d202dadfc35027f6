package netio

import (
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
)

// TestStreamEndBehindBytes: the end of the stream has come with the last bytes, which are all that a read finds: the one report of
// it comes when the Conn waits, or before.
func TestStreamEndBehindBytes(t *testing.T) {
	for range 50 {
		client, server := pair(t)
		pl := newIdlePoller(t, IdlePollerOptions{})
		server.SetReadTimeout(time.Minute)
		pieces, end := streamOf(server, pl, buf.NewPool(64), 0)
		pl.mu.Lock() // no report is taken
		send(t, client, "one")
		err := client.CloseWrite()
		pl.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		if got := <-pieces; got != "one" {
			t.Fatalf("got %q", got)
		}
		wantEnd(t, end, io.EOF)
	}
}

// TestStreamHoldsNothing: a Conn that waits in a Stream of an idle poller needs no goroutine.
func TestStreamHoldsNothing(t *testing.T) {
	client, server := pair(t)
	pl := newIdlePoller(t, IdlePollerOptions{})
	pieces, end := streamOf(server, pl, buf.NewPool(64), 0)
	send(t, client, "one")
	<-pieces
	waitParked(t, server, pl)
	pl.mu.Unlock()
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, end, io.EOF)
}

// waitParked returns when the Stream of c waits in pl. It holds pl.mu then.
func waitParked(t *testing.T, c *Conn, pl *IdlePoller) {
	t.Helper()
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		pl.mu.Lock()
		if c.parked.state.Load()&watchWaiting != 0 {
			return
		}
		pl.mu.Unlock()
	}
	t.Fatal("it does not wait in the idle poller")
}

// TestStreamEndBetweenWaits: an end from outside that finds no wait, because the idle poller is looking at its timeout, keeps the next
// one from beginning.
func TestStreamEndBetweenWaits(t *testing.T) {
	for name, end := range map[string]func(*Conn, *IdlePoller){
		"deadline":    func(c *Conn, _ *IdlePoller) { c.Interrupt() },
		"idle poller": func(_ *Conn, pl *IdlePoller) { pl.leaveStreams() },
	} {
		t.Run(name, func(t *testing.T) {
			_, server := pair(t)
			pl := newIdlePoller(t, IdlePollerOptions{})
			streamOf(server, pl, buf.NewPool(64), 0)
			waitParked(t, server, pl)
			defer pl.mu.Unlock()
			if !server.parked.leave() {
				t.Fatal("another one has ended the wait")
			}
			if end(server, pl); server.parked.begin() {
				t.Error("a wait has begun that nothing ends")
			}
		})
	}
}

// TestStreamEndWithoutPoller: a deadline ends a Stream although the runtime's poller does not take the descriptor.
func TestStreamEndWithoutPoller(t *testing.T) {
	_, server := pair(t)
	pl := newIdlePoller(t, IdlePollerOptions{})
	PrepareStream(server, pl)
	_, end := streamOf(server, pl, buf.NewPool(64), 0)
	waitParked(t, server, pl)
	pl.mu.Unlock()
	if err := syscall.SetNonblock(server.fd, false); err != nil { // it takes none that blocks
		t.Fatal(err)
	}
	if err := server.SetReadDeadline(past); err == nil {
		t.Fatal("the poller has taken it")
	}
	wantEnd(t, end, ErrTimeout)
}
