package netio

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
)

// streamOf begins a Stream of c. What comes goes to pieces, at most ahead of them unread, and how it ends to end.
func streamOf(c *Conn, pl *IdlePoller, p *buf.Pool, ahead int) (pieces chan string, end chan error) {
	pieces, end = make(chan string, ahead), make(chan error, 1)
	each := func(b *buf.Buf, n int) *buf.Pool {
		text := string(b.B[:n])
		b.Free()
		pieces <- text
		if text == "stop" {
			return nil
		}
		return p
	}
	done := func(err error) { end <- err }
	if !Stream(c, pl, p, each, done) {
		go func() { done(ReadEach(c, p, each)) }()
	}
	return pieces, end
}

// wantEnd waits for the end of a Stream.
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

// ownPoller is an idle poller where the test is about one, else nil.
func ownPoller(t *testing.T, polled bool) *IdlePoller {
	t.Helper()
	if !polled {
		return nil
	}
	return newIdlePoller(t, IdlePollerOptions{})
}

// TestStream: everything comes, and the end, with and without an idle poller.
func TestStream(t *testing.T) {
	for _, polled := range []bool{false, true} {
		t.Run(fmt.Sprintf("polled %v", polled), func(t *testing.T) {
			client, server := pair(t)
			pl := ownPoller(t, polled)
			pool := buf.NewPool(4)
			server.SetReadTimeout(time.Minute)
			pieces, end := streamOf(server, pl, pool, 2)
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
			_, end = streamOf(server, pl, pool, 2)
			wantEnd(t, end, ErrTimeout)
			server.SetReadTimeout(time.Minute)
			_, end = streamOf(server, pl, pool, 2)
			send(t, client, "end")
			if err := client.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			wantEnd(t, end, io.EOF)
			_, end = streamOf(server, pl, pool, 2)
			wantEnd(t, end, io.EOF)
			if err := server.Close(); err != nil {
				t.Fatal(err)
			}
			_, end = streamOf(server, pl, pool, 2)
			wantEnd(t, end, ErrClosed)
		})
	}
}

// TestStreamEndedFromOutside: a deadline and Close end a Stream that waits, one that has just begun, and one whose piece is being
// taken.
func TestStreamEndedFromOutside(t *testing.T) {
	ways := map[string]struct {
		end  func(*Conn) error
		want error
	}{
		"deadline":  {func(c *Conn) error { return c.SetReadDeadline(time.Unix(1, 0)) }, ErrTimeout},
		"interrupt": {func(c *Conn) error { c.Interrupt(); return nil }, ErrTimeout},
		"close":     {(*Conn).Close, ErrClosed},
	}
	for name, way := range ways {
		for _, polled := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, polled %v", name, polled), func(t *testing.T) {
				for i := range 60 {
					client, server := pair(t)
					if err := server.Share(); err != nil {
						t.Fatal(err)
					}
					pl := ownPoller(t, polled)
					if i%2 == 0 && name != "close" { // which another goroutine may do only to what the runtime polls
						PrepareStream(server, pl)
					}
					pieces, end := streamOf(server, pl, buf.NewPool(64), 0)
					if i%3 > 0 {
						send(t, client, "one")
					}
					if i%3 == 1 {
						<-pieces // it goes back to wait
					}
					if err := way.end(server); err != nil {
						t.Fatal(err)
					}
					if i%3 == 2 {
						select {
						case <-pieces:
						case err := <-end: // it had not been read yet
							end <- err
						}
					}
					wantEnd(t, end, way.want)
				}
			})
		}
	}
}

// TestStreamIsNotIdle: what resumes idle connections leaves streams alone, and an idle poller that is closed does not take them with
// it.
func TestStreamIsNotIdle(t *testing.T) {
	client, server := pair(t)
	pl := newIdlePoller(t, IdlePollerOptions{})
	pieces, end := streamOf(server, pl, buf.NewPool(64), 0)
	say := func(text string) {
		t.Helper()
		send(t, client, text)
		select {
		case got := <-pieces:
			if got != text {
				t.Fatalf("got %q, want %q", got, text)
			}
		case err := <-end:
			t.Fatalf("ended with %v before %q", err, text)
		case <-time.After(patience):
			t.Fatalf("%q did not come", text)
		}
	}
	say("first")
	pl.Recall()
	say("recalled")
	if n := pl.Evict(32, nil); n != 0 {
		t.Errorf("evicted %d", n)
	}
	if n := pl.Len(); n != 0 {
		t.Errorf("%d are idle", n)
	}
	pl.Drain()
	say("drained")
	if err := pl.Close(); err != nil {
		t.Fatal(err)
	}
	say("closed")
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, end, io.EOF)
}
