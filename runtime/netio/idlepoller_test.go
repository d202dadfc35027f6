package netio

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

func newIdlePoller(t testing.TB, o IdlePollerOptions) *IdlePoller {
	t.Helper()
	pl, err := NewIdlePoller(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pl.Close() })
	return pl
}

// wakeUp collects who was resumed and why.
type wakeUp struct {
	c   *Conn
	why Event
}

func TestPark(t *testing.T) {
	for _, tc := range []struct {
		name    string
		timeout time.Duration
		before  func(client *Conn) error // happens before Park
		after   func(client *Conn, pl *IdlePoller) error
		want    Event
	}{
		{name: "bytes arrive", after: func(c *Conn, _ *IdlePoller) error { _, err := c.Write([]byte("x")); return err }},
		{name: "bytes were there already", before: func(c *Conn) error { _, err := c.Write([]byte("x")); return err }},
		{name: "the peer closes", after: func(c *Conn, _ *IdlePoller) error { return c.Close() }},
		{name: "the peer had closed", before: (*Conn).Close},
		{name: "the peer resets", after: func(c *Conn, _ *IdlePoller) error { return c.Abort() }},
		{name: "half-close", after: func(c *Conn, _ *IdlePoller) error { return c.CloseWrite() }},
		{name: "timeout", timeout: time.Millisecond, want: Expired},
		{name: "drain", after: func(_ *Conn, pl *IdlePoller) error { pl.Drain(); return nil }, want: Drained},
		{name: "recall", after: func(_ *Conn, pl *IdlePoller) error { pl.Recall(); return nil }, want: Recalled},
		{name: "close", after: func(_ *Conn, pl *IdlePoller) error { return pl.Close() }, want: Drained},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, server := pair(t)
			pl := newIdlePoller(t, IdlePollerOptions{})
			if tc.before != nil {
				if err := tc.before(client); err != nil {
					t.Fatal(err)
				}
			}
			got := make(chan wakeUp, 2)
			if err := server.Park(pl, tc.timeout, func(c *Conn, why Event) { got <- wakeUp{c, why} }); err != nil {
				t.Fatal(err)
			}
			if tc.after != nil {
				if err := tc.after(client, pl); err != nil {
					t.Fatal(err)
				}
			}
			if w := <-got; w.c != server || w.why != tc.want {
				t.Errorf("resumed with %v, want %v", w.why, tc.want)
			}
			if n := pl.Len(); n != 0 {
				t.Errorf("%d are still parked", n)
			}
			if len(got) > 0 {
				t.Errorf("resumed twice, then with %v", <-got)
			}
		})
	}
}

func TestParkAgainAndAgain(t *testing.T) {
	client, server := pair(t)
	a, b := newIdlePoller(t, IdlePollerOptions{}), newIdlePoller(t, IdlePollerOptions{})
	got := make(chan Event)
	resume := func(_ *Conn, why Event) { got <- why }
	for _, pl := range []*IdlePoller{a, a, b, a, b, b} {
		if err := server.Park(pl, 0, resume); err != nil {
			t.Fatal(err)
		}
		send(t, client, "x")
		if why := <-got; why != Readable {
			t.Fatalf("resumed with %v", why)
		}
		recv(t, server, "x")
	}
}

func TestParkExpiresAndComesBack(t *testing.T) {
	client, server := pair(t)
	pl := newIdlePoller(t, IdlePollerOptions{})
	got := make(chan Event, 1)
	resume := func(_ *Conn, why Event) { got <- why }
	for range 2 {
		if err := server.Park(pl, time.Millisecond, resume); err != nil {
			t.Fatal(err)
		}
		if why := <-got; why != Expired {
			t.Fatalf("resumed with %v", why)
		}
	}
	// The descriptor is still armed with the expired parking's cookie.
	other, parked := pair(t)
	if err := parked.Park(pl, 0, resume); err != nil {
		t.Fatal(err)
	}
	send(t, client, "stale")
	recv(t, server, "stale")
	send(t, other, "y")
	if why := <-got; why != Readable {
		t.Fatalf("resumed with %v", why)
	}
	recv(t, parked, "y")
	if len(got) > 0 {
		t.Errorf("one more wake-up: %v", <-got)
	}
}

func TestParkInAClosedLot(t *testing.T) {
	_, server := pair(t)
	pl := newIdlePoller(t, IdlePollerOptions{})
	if err := pl.Close(); err != nil {
		t.Fatal(err)
	}
	if err := server.Park(pl, 0, func(*Conn, Event) { t.Error("resumed") }); err != ErrClosed {
		t.Errorf("got %v", err)
	}
	if err := pl.Close(); err != ErrClosed {
		t.Errorf("second Close: %v", err)
	}
}

// echoer serves a connection the way the request path does: reads until there
// is nothing, parks, and goes on when it is resumed.
type echoer struct {
	t      *testing.T
	poller *IdlePoller
	pool   *buf.Pool
	wg     sync.WaitGroup
	resume func(*Conn, Event)
	wakes  [3]atomic.Int64
}

func (e *echoer) resumed(c *Conn, why Event) {
	e.wakes[why].Add(1)
	if why == Drained {
		c.Release()
		e.wg.Done()
		return
	}
	e.serve(c)
}

func (e *echoer) serve(c *Conn) {
	for {
		b := e.pool.Get()
		n, err := c.TryRead(b.B)
		if err == nil {
			_, err = c.Write(b.B[:n])
		}
		b.Free()
		switch {
		case err == ErrAgain:
			if c.Park(e.poller, time.Second, e.resume) == nil {
				return
			}
			fallthrough
		case err != nil:
			c.Release()
			e.wg.Done()
			return
		}
	}
}

func TestParkRaces(t *testing.T) {
	const conns, rounds = 16, 200
	l := listen(t, netaddr.ListenSpec{})
	e := &echoer{t: t, poller: newIdlePoller(t, IdlePollerOptions{TrimAfter: 500, TrimEvery: time.Millisecond}), pool: buf.NewPool(64)}
	e.resume = e.resumed
	var clients sync.WaitGroup
	for range conns {
		client, server := pairOwned(t, l)
		e.wg.Add(1)
		go e.serve(server)
		clients.Go(func() {
			defer client.Release()
			b := make([]byte, 1)
			for i := range rounds {
				if _, err := client.Write([]byte{byte(i)}); err != nil {
					t.Error(err)
					return
				}
				if _, err := client.Read(b); err != nil || b[0] != byte(i) {
					t.Errorf("round %d: %v, %v", i, b[0], err)
					return
				}
			}
		})
	}
	clients.Wait()
	e.wg.Wait()
	if e.wakes[Readable].Load() == 0 {
		t.Error("nobody was ever parked")
	}
}

// TestRecall: one that parks by what it looked at before a recall is recalled; one that has looked since is not.
func TestRecall(t *testing.T) {
	client, server := pair(t)
	pl := newIdlePoller(t, IdlePollerOptions{})
	got := make(chan Event, 2)
	resume := func(_ *Conn, why Event) { got <- why }
	server.SeenRecalls(pl)
	pl.Recall()
	if err := server.Park(pl, time.Hour, resume); err != nil {
		t.Fatal(err)
	}
	if why := <-got; why != Recalled {
		t.Fatalf("resumed with %v", why)
	}
	server.SeenRecalls(pl)
	if err := server.ParkAgain(pl); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if why := <-got; why != Readable {
		t.Fatalf("resumed with %v", why)
	}
}

func TestDrainRaces(t *testing.T) {
	e := &echoer{t: t, poller: newIdlePoller(t, IdlePollerOptions{}), pool: buf.NewPool(64)}
	e.resume = e.resumed
	l := listen(t, netaddr.ListenSpec{})
	var clients sync.WaitGroup
	for range 32 {
		client, server := pairOwned(t, l)
		e.wg.Add(1)
		go e.serve(server)
		clients.Go(func() {
			defer client.Release()
			b := make([]byte, 1)
			for {
				if _, err := client.Write(b); err != nil {
					return
				}
				if _, err := client.Read(b); err != nil {
					if errors.Is(err, ErrTimeout) {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	_ = e.poller.Close()
	e.wg.Wait()
	clients.Wait()
}

// Connections that wait for their first request have left no memory behind.
func TestFreshConnectionsDoNotTrim(t *testing.T) {
	poller := newIdlePoller(t, IdlePollerOptions{TrimAfter: 1, TrimEvery: time.Hour})
	l := listen(t, netaddr.ListenSpec{})
	_, server := pairOn(t, l)
	if err := server.Park(poller, 0, func(*Conn, Event) {}); err != nil {
		t.Fatal(err)
	}
	if n := poller.trim.parks.Load(); n != 0 {
		t.Errorf("%d parks counted", n)
	}
	_ = poller.Close()
}

func TestSpawn(t *testing.T) {
	spawned, resumed := make(chan func(), 1), make(chan Event, 1)
	poller := newIdlePoller(t, IdlePollerOptions{Spawn: func(run func()) { spawned <- run }})
	client, server := pairOn(t, listen(t, netaddr.ListenSpec{}))
	if err := server.Park(poller, 0, func(_ *Conn, why Event) { resumed <- why }); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	(<-spawned)()
	if why := <-resumed; why != Readable {
		t.Errorf("resumed because %v", why)
	}
}

func TestTrimOncePerBurst(t *testing.T) {
	poller := newIdlePoller(t, IdlePollerOptions{TrimAfter: 3, TrimEvery: time.Hour})
	trims := make(chan struct{}, 10)
	poller.trim.free = func() { trims <- struct{}{} }
	l := listen(t, netaddr.ListenSpec{})
	for range 7 {
		_, server := pairOn(t, l)
		if err := server.Share(); err != nil { // as one that was in use
			t.Fatal(err)
		}
		if err := server.Park(poller, 0, func(*Conn, Event) {}); err != nil {
			t.Fatal(err)
		}
	}
	within(t, trims2done(trims), "no memory was given back")
	_ = poller.Close()
	if len(trims) != 0 {
		t.Error("memory was given back twice")
	}
}

func trims2done(c <-chan struct{}) <-chan struct{} {
	done := make(chan struct{})
	go func() { <-c; close(done) }()
	return done
}

// Those that are parked for longest are evicted, unless others have waited even
// longer.
func TestEvict(t *testing.T) {
	pl := newIdlePoller(t, IdlePollerOptions{})
	type parted struct {
		i   int
		why Event
	}
	gone := make(chan parted, 3)
	var since [3]int64
	for i := range since {
		_, server := pair(t)
		timeout := time.Minute - time.Duration(i)*10*time.Second
		if err := server.Park(pl, timeout, func(_ *Conn, why Event) { gone <- parted{i, why} }); err != nil {
			t.Fatal(err)
		}
		since[i] = server.ParkedAt()
	}
	if n := pl.Evict(1, []int64{since[0] - 2, since[0] - 1}); n != 0 {
		t.Errorf("%d evicted, though another waits for longer", n)
	}
	if n := pl.Evict(3, []int64{since[0] - 1}); n != 2 {
		t.Errorf("%d evicted of three, one of which is another", n)
	}
	got := map[int]Event{}
	for range 2 {
		p := <-gone
		got[p.i] = p.why
	}
	if len(got) != 2 || got[0] != Evicted || got[1] != Evicted {
		t.Errorf("left: %v", got)
	}
	if n := pl.Evict(3, nil); n != 1 {
		t.Errorf("%d evicted, one was left", n)
	}
	<-gone
}
