package pass

import (
	"net"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// connected returns a connection to a peer, and the peer's end of it.
func connected(t *testing.T) (*upstream.Conn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c, err := upstream.Begin(&netio.DialSpec{Addr: netaddr.AddrOf(l.Addr())}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.Connect(time.Minute); err != nil {
		t.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	return c, peer
}

// TestInterruptedAtTheEnd: a client that catches up, or leaves, when the response was just read to its end leaves nothing behind on
// the connection to the peer, where the next request waits for its response.
func TestInterruptedAtTheEnd(t *testing.T) {
	c, peer := connected(t)
	x := &Exchange{S: &Settings{}, Attempt: Attempt{conn: c}}
	for name, interrupt := range map[string]func(a *ahead){
		"caught up": func(a *ahead) { a.catchUp() },
		"left":      func(a *ahead) { a.spool.Stop(a.interrupt) },
	} {
		a := newAhead(x)
		a.spool.Begin(a.spool.Limits)
		interrupt(a)
		a.release()
		interrupt(a)
		c.Net.SetReadTimeout(time.Minute)
		answered := time.AfterFunc(10*time.Millisecond, func() { _, _ = peer.Write([]byte("answer")) })
		if n, err := c.Net.Read(make([]byte, 10)); n != 6 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		answered.Stop()
	}
}

// TestGoneAsItCatchesUp: a client that leaves at the moment at which it has caught up ends the next wait for the peer.
func TestGoneAsItCatchesUp(t *testing.T) {
	c, _ := connected(t)
	x := &Exchange{S: &Settings{}, Attempt: Attempt{conn: c}}
	x.wake = make(chan struct{}, 1)
	a := newAhead(x)
	a.catchUp()
	(*hangup)(x).ClientGone()
	a.resume()
	c.Net.SetReadTimeout(time.Minute)
	begun := time.Now()
	if _, err := c.Net.Read(make([]byte, 10)); !isTimeout(err) || time.Since(begun) > 30*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}
