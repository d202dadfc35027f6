package netio

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
)

// eachOf runs ReadEach on another goroutine. What comes goes to pieces, at most ahead of them unread, and how it ends to end.
func eachOf(c *Conn, p *buf.Pool, ahead int) (pieces chan string, end chan error) {
	pieces, end = make(chan string, ahead), make(chan error, 1)
	go func() {
		end <- c.ReadEach(p, func(b *buf.Buf, n int) *buf.Pool {
			text := string(b.B[:n])
			b.Free()
			pieces <- text
			if text == "stop" {
				return nil
			}
			return p
		})
	}()
	return pieces, end
}

// wantEnd waits for the end of a ReadEach.
func wantEnd(t *testing.T, end chan error, want error) {
	t.Helper()
	select {
	case err := <-end:
		if !errors.Is(err, want) {
			t.Fatalf("ended with %v, want %v", err, want)
		}
	case <-time.After(patience):
		t.Fatalf("did not end with %v", want)
	}
}

// TestReadEach: everything comes, and the end, whether or not an idle poller watches for it.
func TestReadEach(t *testing.T) {
	for _, watched := range []bool{false, true} {
		t.Run(fmt.Sprintf("watched %v", watched), func(t *testing.T) {
			client, server := pair(t)
			if watched {
				if err := server.WatchEnd(newIdlePoller(t, IdlePollerOptions{})); err != nil {
					t.Fatal(err)
				}
			}
			pool := buf.NewPool(4)
			server.SetReadTimeout(time.Minute)
			pieces, end := eachOf(server, pool, 2)
			send(t, client, "one")
			if got := <-pieces; got != "one" {
				t.Fatalf("got %q", got)
			}
			send(t, client, "seven..")
			if got := <-pieces + <-pieces; got != "seven.." {
				t.Fatalf("got %q", got)
			}
			send(t, client, "stop")
			wantEnd(t, end, nil)
			<-pieces
			server.SetReadTimeout(time.Millisecond)
			_, end = eachOf(server, pool, 2)
			wantEnd(t, end, ErrTimeout)
			server.SetReadTimeout(time.Minute)
			_, end = eachOf(server, pool, 2)
			send(t, client, "end")
			if err := client.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			wantEnd(t, end, io.EOF)
			_, end = eachOf(server, pool, 2)
			wantEnd(t, end, io.EOF)
			if err := server.Close(); err != nil {
				t.Fatal(err)
			}
			_, end = eachOf(server, pool, 2)
			wantEnd(t, end, ErrClosed)
		})
	}
}
