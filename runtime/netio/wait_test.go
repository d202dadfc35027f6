package netio

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const short = 20 * time.Millisecond

func TestTimeouts(t *testing.T) {
	full := func(c *Conn) error { _, err := c.Write(make([]byte, 64<<20)); return err }
	read := func(c *Conn) error { _, err := c.Read(make([]byte, 1)); return err }
	for _, tc := range []struct {
		name string
		set  func(c *Conn)
		wait func(c *Conn) error
	}{
		{"read timeout", func(c *Conn) { c.SetReadTimeout(short) }, read},
		{"read deadline", func(c *Conn) { _ = c.SetReadDeadline(time.Now().Add(short)) }, read},
		{"deadline in the past", func(c *Conn) { _ = c.SetReadDeadline(time.Now().Add(-time.Hour)) }, read},
		{"deadline before timeout", func(c *Conn) {
			c.SetReadTimeout(patience)
			_ = c.SetDeadline(time.Now().Add(short))
		}, read},
		{"timeout before deadline", func(c *Conn) {
			c.SetReadTimeout(short)
			_ = c.SetDeadline(time.Now().Add(patience))
		}, read},
		{"wait", func(c *Conn) { c.SetReadTimeout(short) }, (*Conn).WaitReadable},
		{"write timeout", func(c *Conn) { c.SetWriteTimeout(short) }, full},
		{"write deadline", func(c *Conn) { _ = c.SetWriteDeadline(time.Now().Add(short)) }, full},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, server := pair(t)
			server.SetReadTimeout(0)
			server.SetWriteTimeout(0)
			tc.set(server)
			err := tc.wait(server)
			var ne net.Error
			if err != ErrTimeout || !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &ne) || !ne.Timeout() {
				t.Fatalf("got %v", err)
			}
			// It works on once the limits are lifted.
			server.SetReadTimeout(patience)
			_ = server.SetDeadline(time.Time{})
			send(t, client, "late")
			recv(t, server, "late")
		})
	}
}

// A timer that was armed for an earlier, shorter wait must neither end a later
// one nor keep it from ending.
func TestTimerThatFiresTooEarly(t *testing.T) {
	client, server := pair(t)
	for range 3 {
		server.SetReadTimeout(2 * short)
		armed := server.rd.armed.Load()
		send(t, client, "a")
		recv(t, server, "a")
		if now := server.rd.armed.Load(); armed != 0 && now != armed {
			t.Error("a read that did not wait touched the timer")
		}
		if err := server.WaitReadableFor(short); err != ErrTimeout {
			t.Fatal(err)
		}
		server.SetReadTimeout(0)
		done := make(chan struct{})
		go func() {
			defer close(done)
			recv(t, server, "b")
		}()
		<-time.After(4 * short) // the armed timer fires meanwhile
		send(t, client, "b")
		within(t, done, "the reader did not come back")
	}
}

func TestDeadlineFromOutsideEndsAWait(t *testing.T) {
	_, server := pair(t)
	got := make(chan error)
	go func() {
		_, err := server.Read(make([]byte, 1))
		got <- err
	}()
	if err := server.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != ErrTimeout {
		t.Fatal(err)
	}
}

// send_timeout is between two writes, not for the whole response.
func TestWriteTimeoutStartsAgainWithProgress(t *testing.T) {
	// A unix socket: TCP's own probes of a closed window would set the pace.
	client, server := unixPair(t)
	if err := server.setInt(unix.SOL_SOCKET, unix.SO_SNDBUF, 4096); err != nil {
		t.Fatal(err)
	}
	server.SetWriteTimeout(15 * short)
	data := make([]byte, 256<<10)
	done := make(chan error, 1)
	go func() {
		_, err := server.Write(data)
		done <- err
	}()
	begin, got := time.Now(), 0
	b := make([]byte, 4096)
	for got < len(data) {
		n, err := client.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		if got += n; time.Since(begin) < 20*short {
			<-time.After(short)
		}
	}
	if took := time.Since(begin); took < 16*short {
		t.Errorf("all was read after %v: the timeout was not put to the test", took)
	}
	if err := <-done; err != nil {
		t.Errorf("slow but steady reader: %v", err)
	}
}

func TestBusyConnectionLeavesTheTimerAlone(t *testing.T) {
	client, server := pair(t)
	server.SetReadTimeout(time.Minute)
	b := make([]byte, 1)
	touched := 0
	var last int64
	go func() {
		for range 100 {
			recv(t, client, "x")
			_, _ = client.Write([]byte("y"))
		}
	}()
	for range 100 {
		send(t, server, "x")
		if _, err := server.Read(b); err != nil {
			t.Fatal(err)
		}
		if a := server.rd.armed.Load(); a != last {
			touched, last = touched+1, a
		}
	}
	if touched > 1 {
		t.Errorf("the timer was set %d times for 100 requests", touched)
	}
}
