package netio

import (
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
)

// TestReadEachEndBehindBytes: the end of the stream has come with the last bytes, which are all that a read finds: the one report
// of it comes when the reader waits, or before.
func TestReadEachEndBehindBytes(t *testing.T) {
	for range 50 {
		client, server := pair(t)
		pl := newIdlePoller(t, IdlePollerOptions{})
		if err := server.WatchEnd(pl); err != nil {
			t.Fatal(err)
		}
		server.SetReadTimeout(time.Minute)
		pl.mu.Lock() // no report is taken
		send(t, client, "one")
		err := client.CloseWrite()
		pieces, end := eachOf(server, buf.NewPool(64), 0)
		got := <-pieces
		pl.mu.Unlock()
		if err != nil || got != "one" {
			t.Fatal(err, got)
		}
		wantEnd(t, end, io.EOF)
	}
}

// TestReadEachIsUse: each piece says that the process is in use, so that the monitor thread does not sleep.
func TestReadEachIsUse(t *testing.T) {
	client, server := pair(t)
	pieces, end := eachOf(server, buf.NewPool(64), 0)
	seen := false
	for range 5 {
		usage.CompareAndSwap(used, quiet)
		if _, err := syscall.Write(client.Fd(), []byte("one")); err != nil { // Conn.Write is use as well
			t.Fatal(err)
		}
		<-pieces
		seen = seen || usage.Load() == used // a tick may have come in between
	}
	if !seen {
		t.Error("it is not in use")
	}
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, end, io.EOF)
}
