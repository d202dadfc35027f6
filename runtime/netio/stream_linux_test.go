package netio

import (
	"io"
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
	for limit := time.Now().Add(patience); server.parked.state.Load()&watchWaiting == 0; {
		if time.Now().After(limit) {
			t.Fatal("it does not wait in the idle poller")
		}
		time.Sleep(time.Millisecond)
	}
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, end, io.EOF)
}
