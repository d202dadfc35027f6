package netio

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// parkAll parks n connections and returns their peers.
func parkAll(t *testing.T, pl *IdlePoller, n int, resume func(*Conn, Event)) []*Conn {
	t.Helper()
	ls := listen(t, netaddr.ListenSpec{Backlog: 1024})
	peers := make([]*Conn, n)
	for i := range peers {
		client, server := pairOn(t, ls)
		peers[i] = client
		if err := server.Park(pl, time.Minute, resume); err != nil {
			t.Fatal(err)
		}
	}
	return peers
}

// One processor, and all connections' bytes come at once: a resumed connection that
// waits must not delay those behind it in the queue.
func TestAWaitingConnectionHoldsNobodyUp(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const conns = 8
	pl := newIdlePoller(t, IdlePollerOptions{})
	var resumed sync.WaitGroup
	resumed.Add(conns)
	all := make(chan struct{})
	peers := parkAll(t, pl, conns, func(*Conn, Event) {
		resumed.Done()
		<-all
	})
	for _, c := range peers {
		send(t, c, "x")
	}
	go func() { resumed.Wait(); close(all) }()
	within(t, all, "the first to be resumed holds up the others")
}

// More reports than the idle poller takes at a time: it lets the runtime's poller have
// its time slice, and comes back for the rest.
func TestMaxReports(t *testing.T) {
	const conns = 3*maxReports + 1
	pl := newIdlePoller(t, IdlePollerOptions{})
	var resumed sync.WaitGroup
	resumed.Add(conns)
	hold, all := make(chan struct{}), make(chan struct{})
	peers := parkAll(t, pl, conns, func(*Conn, Event) {
		<-hold // until everything has been sent
		resumed.Done()
	})
	for _, c := range peers {
		send(t, c, "x")
	}
	close(hold)
	go func() { resumed.Wait(); close(all) }()
	within(t, all, "not everybody was resumed")
}

// A report that is overtaken by a read ends the next wait: nothing is there
// then, and the connection parks for the rest of its time.
func TestParkAgain(t *testing.T) {
	client, server := pair(t)
	pl := newIdlePoller(t, IdlePollerOptions{})
	got := make(chan Event, 1)
	resume := func(_ *Conn, why Event) { got <- why }
	park := func() {
		t.Helper()
		if err := server.Park(pl, time.Minute, resume); err != nil {
			t.Fatal(err)
		}
	}
	park()
	send(t, client, "a")
	<-got
	recv(t, server, "a")
	at := server.ParkedAt()
	send(t, client, "b") // reported while nobody waits
	for server.parked.state.Load()&watchReported == 0 {
		runtime.Gosched()
	}
	b := make([]byte, 8)
	server.parked.state.Or(watchReported)
	if n, err := server.Read(b); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	server.parked.state.Or(watchReported) // as if it had come after the read began
	park()
	if why := <-got; why != Readable {
		t.Fatalf("resumed with %v", why)
	}
	if at == server.ParkedAt() || server.ResumedAt() < server.ParkedAt() || server.ResumedAt() > clock.Mono() {
		t.Errorf("parked at %d, then %d, resumed at %d", at, server.ParkedAt(), server.ResumedAt())
	}
	if _, err := server.TryRead(b); err != ErrAgain {
		t.Fatalf("got %v", err)
	}
	at = server.ParkedAt()
	if err := server.ParkAgain(pl); err != nil {
		t.Fatal(err)
	}
	if server.ParkedAt() != at {
		t.Error("parking again began a new wait")
	}
	send(t, client, "c")
	if why := <-got; why != Readable {
		t.Fatalf("resumed with %v", why)
	}
	recv(t, server, "c")
}

// The last bytes and the end of the stream may be reported as one: the end must
// be noticed though the bytes were all that the read found.
func TestParkAfterTheLastBytes(t *testing.T) {
	client, server := pair(t)
	pl := newIdlePoller(t, IdlePollerOptions{})
	got := make(chan Event, 1)
	resume := func(_ *Conn, why Event) { got <- why }
	send(t, client, "bye")
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // as often as it parks
		if err := server.Park(pl, time.Minute, resume); err != nil {
			t.Fatal(err)
		}
		if why := <-got; why != Readable {
			t.Fatalf("resumed with %v", why)
		}
		b, n, err := server.TryReadPooled(buf.NewPool(64))
		if err == nil && n > 0 {
			b.Free()
		}
	}
}

// A connection that waits in the runtime's poller is not watched by the idle poller,
// and comes back to it.
func TestWaitingLeavesTheLot(t *testing.T) {
	client, server := pairOn(t, listen(t, netaddr.ListenSpec{}))
	pl := newIdlePoller(t, IdlePollerOptions{})
	got := make(chan Event, 1)
	resume := func(_ *Conn, why Event) { got <- why }
	for range 2 {
		if err := server.Park(pl, time.Minute, resume); err != nil {
			t.Fatal(err)
		}
		send(t, client, "a")
		<-got
		if n, err := server.TryRead(make([]byte, 8)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if !server.parked.watched() {
			t.Fatal("a read that found something left the idle poller")
		}
		server.SetReadTimeout(time.Millisecond)
		if _, err := server.Read(make([]byte, 1)); err != ErrTimeout {
			t.Fatal(err)
		}
		if server.parked.watched() {
			t.Fatal("still watched")
		}
	}
	if n := len(pl.slots) - len(pl.free); n != 0 {
		t.Errorf("%d places are taken", n)
	}
}

// A closed connection leaves its slot, and events that still come for it are
// dropped.
func TestClosedConnectionsLeaveTheLot(t *testing.T) {
	pl := newIdlePoller(t, IdlePollerOptions{})
	ls := listen(t, netaddr.ListenSpec{})
	got := make(chan Event, 1)
	for range 3 {
		client, server := pairOwned(t, ls)
		if err := server.Park(pl, time.Minute, func(_ *Conn, why Event) { got <- why }); err != nil {
			t.Fatal(err)
		}
		send(t, client, "a")
		<-got
		send(t, client, "b")
		server.Release()
		client.Release()
	}
	if len(pl.slots) != 1 || len(pl.free) != 1 {
		t.Errorf("%d places, %d free", len(pl.slots), len(pl.free))
	}
}

// TestUnpark: a parked connection can be taken back, and be used and parked
// again; one whose wait is over cannot.
func TestUnpark(t *testing.T) {
	client, server := pair(t)
	pl := newIdlePoller(t, IdlePollerOptions{})
	got := make(chan Event, 1)
	resume := func(_ *Conn, why Event) { got <- why }
	for i := range 3 {
		if err := server.Park(pl, 0, resume); err != nil {
			t.Fatal(err)
		}
		for !server.Unpark() {
			if i == 0 {
				t.Fatal("it could not be taken back")
			}
			<-got // the byte before was reported late
			if err := server.ParkAgain(pl); err != nil {
				t.Fatal(err)
			}
		}
		if !server.Quiet() {
			t.Fatal("a byte was seen")
		}
		send(t, client, "x")
		if server.Quiet() {
			t.Error("the byte was not seen")
		}
		recv(t, server, "x")
	}
	if err := server.Park(pl, 0, resume); err != nil {
		t.Fatal(err)
	}
	send(t, client, "x")
	if why := <-got; why != Readable || server.Unpark() {
		t.Errorf("taken back after it was resumed with %v", why)
	}
}

// TestHangupOfShared: OnHangup holds while a goroutine reads what comes, for a connection that has parked before, too.
func TestHangupOfShared(t *testing.T) {
	for _, parked := range []bool{false, true} {
		client, server := pair(t)
		pl := newIdlePoller(t, IdlePollerOptions{})
		if parked {
			if err := server.Park(pl, 0, func(*Conn, Event) {}); err != nil || !server.Unpark() {
				t.Fatal(err)
			}
		}
		gone := make(chan struct{}, 2)
		if !server.OnHangup(pl, func() { gone <- struct{}{} }) {
			t.Fatal("not watched")
		}
		if err := errors.Join(server.WatchEnd(pl), server.Share()); err != nil {
			t.Fatal(err)
		}
		send(t, client, "x")
		recv(t, server, "x")
		if err := client.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		within(t, gone, "the end was not noticed")
	}
}
