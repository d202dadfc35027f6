package netio

import (
	"io"
	"sync"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// waitingPair is a pair whose client waits in an idle poller.
func waitingPair(t *testing.T) (client, server *Conn, pl *IdlePoller) {
	t.Helper()
	client, server = pair(t)
	pl = newIdlePoller(t, IdlePollerOptions{})
	waitsIn(t, client, pl)
	return client, server, pl
}

func waitsIn(t *testing.T, c *Conn, pl *IdlePoller) {
	t.Helper()
	c.WaitIn(pl)
	if c.rd.poller.Load() != pl {
		t.Fatal("the idle poller has not taken the connection")
	}
}

// parked waits until a read of c waits.
func parked(t *testing.T, c *Conn) {
	t.Helper()
	for end := time.Now().Add(patience); c.parked.state.Load()&watchWaiting == 0; {
		if time.Now().After(end) {
			t.Fatal("no read waits")
		}
		<-time.After(time.Millisecond)
	}
}

func TestWaitIn(t *testing.T) {
	client, server, _ := waitingPair(t)
	pool := buf.NewPool(16)
	for range 100 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			recv(t, server, "question")
			send(t, server, "answer")
		}()
		b, n, sent, err := client.Ask(0, []byte("question"), pool)
		if err != nil || sent != len("question") || string(b.B[:n]) != "answer" {
			t.Fatalf("%d bytes, %d sent, %v", n, sent, err)
		}
		b.Free()
		within(t, done, "the peer has not got the question")
	}
	send(t, server, "x") // it is there before the read
	recv(t, client, "x")
	if err := server.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if client.Registered() {
		t.Error("the runtime's poller has it, too")
	}
}

// The waits end as in the runtime's poller.
func TestWaitInTimeouts(t *testing.T) {
	for name, tc := range map[string]struct {
		before func(c *Conn)
		during func(c *Conn) // while the read waits; nil: nothing
	}{
		"timeout":                      {before: func(c *Conn) { c.SetReadTimeout(short) }},
		"deadline":                     {before: func(c *Conn) { _ = c.SetReadDeadline(time.Now().Add(short)) }},
		"deadline in the past":         {before: func(c *Conn) { _ = c.SetReadDeadline(past) }},
		"deadline before the timeout":  {before: func(c *Conn) { c.SetReadTimeout(patience); _ = c.SetReadDeadline(time.Now().Add(short)) }},
		"interrupted before":           {before: (*Conn).Interrupt},
		"interrupted":                  {during: (*Conn).Interrupt},
		"deadline that comes later":    {during: func(c *Conn) { _ = c.SetReadDeadline(time.Now().Add(short)) }},
		"deadline that has passed now": {during: func(c *Conn) { _ = c.SetReadDeadline(past) }},
	} {
		t.Run(name, func(t *testing.T) {
			client, server, _ := waitingPair(t)
			client.SetReadTimeout(0)
			if tc.before != nil {
				tc.before(client)
			}
			got := make(chan error, 1)
			go func() {
				_, err := client.Read(make([]byte, 1))
				got <- err
			}()
			if tc.during != nil {
				parked(t, client)
				tc.during(client)
			}
			if err := <-got; err != ErrTimeout {
				t.Fatal(err)
			}
			client.SetReadTimeout(patience)
			_ = client.SetReadDeadline(time.Time{})
			send(t, server, "late")
			recv(t, client, "late")
		})
	}
}

// A deadline that is lifted before it comes ends no wait.
func TestWaitInDeadlineLifted(t *testing.T) {
	client, server, _ := waitingPair(t)
	_ = client.SetReadDeadline(time.Now().Add(5 * short))
	got := make(chan error, 1)
	go func() {
		_, err := client.Read(make([]byte, 1))
		got <- err
	}()
	parked(t, client)
	_ = client.SetReadDeadline(time.Time{})
	<-time.After(10 * short)
	send(t, server, "x")
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}

// A read waits on in the runtime's poller, with its timeout and its deadline, where the idle poller ends or the Conn leaves it.
func TestWaitInGoesOn(t *testing.T) {
	t.Run("the idle poller ends", func(t *testing.T) {
		client, server := pair(t)
		pl := newIdlePoller(t, IdlePollerOptions{})
		waitsIn(t, client, pl)
		done := make(chan struct{})
		go func() {
			defer close(done)
			recv(t, client, "x")
		}()
		parked(t, client)
		if err := pl.Close(); err != nil {
			t.Fatal(err)
		}
		send(t, server, "x")
		within(t, done, "the read has not ended")
		if client.rd.poller.Load() != nil || !client.Registered() {
			t.Error("it still waits in the idle poller")
		}
		_ = client.SetReadDeadline(past)
		if _, err := client.Read(make([]byte, 1)); err != ErrTimeout {
			t.Error(err)
		}
	})
	t.Run("it has ended", func(t *testing.T) {
		client, server := pair(t)
		pl := newIdlePoller(t, IdlePollerOptions{})
		waitsIn(t, client, pl)
		if err := pl.Close(); err != nil {
			t.Fatal(err)
		}
		_ = client.SetReadDeadline(time.Now().Add(short))
		if _, err := client.Read(make([]byte, 1)); err != ErrTimeout {
			t.Error(err)
		}
		_ = client.SetReadDeadline(time.Time{})
		send(t, server, "x")
		recv(t, client, "x")
	})
	t.Run("LeaveWaitIn", func(t *testing.T) {
		client, server, pl := waitingPair(t)
		if err := client.LeaveWaitIn(); err != nil || client.rd.poller.Load() != nil {
			t.Fatal(err)
		}
		client.SetReadTimeout(short)
		if _, err := client.Read(make([]byte, 1)); err != ErrTimeout {
			t.Error(err)
		}
		send(t, server, "x")
		recv(t, client, "x")
		client.WaitIn(pl) // it is too late for that
		if client.rd.poller.Load() != nil {
			t.Error("it waits in two pollers")
		}
	})
}

// A read that goes on in the runtime's poller ends when its timeout does, which began in the idle poller.
func TestWaitInKeepsTheTimeout(t *testing.T) {
	client, _ := pair(t)
	pl := newIdlePoller(t, IdlePollerOptions{})
	waitsIn(t, client, pl)
	client.SetReadTimeout(patience)
	got := make(chan error, 1)
	go func() {
		_, err := client.Read(make([]byte, 1))
		got <- err
	}()
	parked(t, client)
	client.parked.end.Store(clock.Mono() + int64(time.Hour)) // look does not end the wait
	until := client.rd.until
	if err := pl.Close(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); client.rd.armed.Load() == 0 && time.Now().Before(end); {
		<-time.After(time.Millisecond)
	}
	if armed := client.rd.armed.Load(); armed != until {
		t.Errorf("the timer is set to %d, the wait ends at %d", armed, until)
	}
	client.Interrupt()
	if err := <-got; err != ErrTimeout {
		t.Error(err)
	}
}

// look takes a wait for a moment, and begins it anew. What comes from outside in between ends it.
func TestWaitInInterruptedDuringALook(t *testing.T) {
	client, _, _ := waitingPair(t)
	client.SetReadTimeout(0)
	got := make(chan error, 1)
	go func() {
		_, err := client.Read(make([]byte, 1))
		got <- err
	}()
	for parked(t, client); !client.parked.leave(); parked(t, client) {
	}
	client.Interrupt()
	if client.parked.begin() {
		t.Error("the wait goes on")
	}
	client.parked.wakeReader(Readable)
	if err := <-got; err != ErrTimeout {
		t.Error(err)
	}
}

// A Stream of a Conn that has waited in another idle poller has nothing to do with that any more.
func TestStreamAfterWaitIn(t *testing.T) {
	begin := func(t *testing.T) (client, server *Conn, front, before *IdlePoller) {
		t.Helper()
		client, server = pair(t)
		before = newIdlePoller(t, IdlePollerOptions{})
		waitsIn(t, client, before)
		send(t, server, "x")
		recv(t, client, "x")
		front = newIdlePoller(t, IdlePollerOptions{})
		PrepareStream(client, front)
		return client, server, front, before
	}
	// blocked makes a write of client wait.
	blocked := func(t *testing.T, client, server *Conn) {
		t.Helper()
		const size = 16 << 20
		done := make(chan struct{})
		go func() {
			defer close(done)
			<-time.After(short)
			b := make([]byte, 64<<10)
			for n := 0; n < size; {
				m, err := server.Read(b)
				if err != nil {
					return
				}
				n += m
			}
		}()
		if _, err := client.Write(make([]byte, size)); err != nil || !client.Registered() {
			t.Fatal(err, "no write waited")
		}
		within(t, done, "the bytes have not come")
	}
	t.Run("a deadline before it", func(t *testing.T) {
		client, _, front, _ := begin(t)
		client.SetReadTimeout(patience)
		_ = client.SetReadDeadline(past)
		_, end := streamOf(client, front, buf.NewPool(64), 0)
		wantEnd(t, end, ErrTimeout)
	})
	t.Run("its timeout after a write that waited", func(t *testing.T) {
		client, server, front, _ := begin(t)
		client.SetReadTimeout(20 * short)
		pieces, end := streamOf(client, front, buf.NewPool(64), 0)
		blocked(t, client, server)
		send(t, server, "y")
		<-pieces
		wantEnd(t, end, ErrTimeout)
	})
	t.Run("the other idle poller has ended", func(t *testing.T) {
		client, server, front, before := begin(t)
		client.SetReadTimeout(patience)
		pieces, _ := streamOf(client, front, buf.NewPool(64), 0)
		blocked(t, client, server)
		if err := before.Close(); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			send(t, server, "y")
			if got := <-pieces; got != "y" {
				t.Fatalf("%q", got)
			}
		}
	})
}

// What ends the waits of idle connections does not end a read.
func TestWaitInIsNotIdle(t *testing.T) {
	client, server, pl := waitingPair(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		recv(t, client, "x")
	}()
	parked(t, client)
	if n := pl.Evict(10, nil); n != 0 || pl.Len() != 0 {
		t.Errorf("%d evicted, %d parked", n, pl.Len())
	}
	pl.Recall()
	pl.Drain()
	<-time.After(short)
	select {
	case <-done:
		t.Fatal("the read has ended")
	default:
	}
	send(t, server, "x")
	within(t, done, "the read has not ended")
}

// A Conn that has waited in a read may be parked, and read again when it is resumed.
func TestWaitInThenPark(t *testing.T) {
	client, server, pl := waitingPair(t)
	for range 20 {
		send(t, server, "x")
		recv(t, client, "x")
		woke := make(chan Event, 1)
		if err := client.Park(pl, patience, func(_ *Conn, why Event) { woke <- why }); err != nil {
			t.Fatal(err)
		}
		send(t, server, "y")
		if why := <-woke; why != Readable {
			t.Fatal(why)
		}
		recv(t, client, "y")
	}
}

// Reads, answers, deadlines from outside and ends of the connection at the same time: each read ends, and once. It is for the
// race detector.
func TestWaitInRaces(t *testing.T) {
	l := listen(t, netaddr.ListenSpec{})
	pl := newIdlePoller(t, IdlePollerOptions{})
	var all sync.WaitGroup
	for i := range 200 {
		client, server := pairOwned(t, l)
		waitsIn(t, client, pl)
		client.SetReadTimeout(time.Duration(1+i%40) * time.Millisecond)
		read, told := make(chan struct{}), make(chan struct{})
		all.Go(func() {
			defer close(read)
			b := make([]byte, 16)
			for n := 0; n < 30; n++ {
				if _, err := client.Read(b); err != nil && err != ErrTimeout {
					return
				}
			}
		})
		all.Go(func() {
			defer close(told)
			for n := range 30 {
				_ = client.SetReadDeadline(time.Now().Add(time.Duration(n%3-1) * time.Millisecond))
				_, _ = server.Write([]byte("x"))
				_ = client.SetReadDeadline(time.Time{})
			}
			client.Interrupt()
		})
		all.Go(func() {
			<-read
			<-told
			server.Release()
			client.Release()
		})
	}
	done := make(chan struct{})
	go func() {
		all.Wait()
		close(done)
	}()
	within(t, done, "a read has not ended")
}
