package upstream

import (
	"net"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// peer is a server whose accepted connections the test holds.
type peer struct {
	addr netio.Addr
	got  chan net.Conn
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{addr: netio.AddrOf(l.Addr()), got: make(chan net.Conn, 16)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(p.got)
				return
			}
			p.got <- c
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		for c := range p.got {
			_ = c.Close()
		}
	})
	return p
}

// dial connects to the peer and returns both ends.
func (p *peer) dial(t *testing.T) (*Conn, net.Conn) {
	t.Helper()
	c, err := Dial(&netio.DialSpec{Addr: p.addr, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c, <-p.got
}

var generous = PoolOptions{Size: 2, Requests: 100, Lifetime: int64(time.Hour), Timeout: int64(time.Minute)}

func newPool(t *testing.T, o PoolOptions) *Pool {
	t.Helper()
	p := NewPool()
	p.Configure(o)
	t.Cleanup(p.Close)
	return p
}

func TestPool(t *testing.T) {
	srv, pool := newPeer(t), newPool(t, generous)
	now := clock.Mono()
	a, _ := srv.dial(t)
	b, _ := srv.dial(t)
	c, _ := srv.dial(t)
	pool.Put(a, nil, now)
	pool.Put(b, "tag", now)
	pool.Put(c, nil, now) // a is closed for it
	if n := pool.Len(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
	if got := pool.Get(&srv.addr, nil, false, now); got != c || !got.Cached || got.Requests != 2 {
		t.Errorf("%p, want %p", got, c)
	}
	if got := pool.Get(&srv.addr, nil, false, now); got != nil {
		t.Error("what is kept for one must not be given to another")
	}
	other := netio.UnixAddr("/x")
	if got := pool.Get(&other, "tag", false, now); got != nil {
		t.Error("a connection to another address")
	}
	if got := pool.Get(&srv.addr, "tag", false, now); got != b {
		t.Errorf("%p, want %p", got, b)
	}
	b.Close()
	c.Close()
}

// TestPoolLimits: a connection that may not be used again is closed.
func TestPoolLimits(t *testing.T) {
	srv := newPeer(t)
	for _, c := range []struct {
		name   string
		change func(o *PoolOptions)
	}{
		{"requests", func(o *PoolOptions) { o.Requests = 1 }},
		{"lifetime", func(o *PoolOptions) { o.Lifetime = -1 }},
		{"size", func(o *PoolOptions) { o.Size = 0 }},
	} {
		o := generous
		c.change(&o)
		pool := newPool(t, o)
		conn, _ := srv.dial(t)
		pool.Put(conn, nil, clock.Mono())
		if n := pool.Len(); n != 0 {
			t.Errorf("%s: the connection was kept", c.name)
		}
	}
}

// TestPoolDead: a connection that its peer has closed is found by a look, by
// the sweep, and, after one has been found too late, always.
func TestPoolDead(t *testing.T) {
	srv := newPeer(t)
	for _, c := range []struct {
		name  string
		probe bool
		wary  bool
		sweep bool
	}{
		{name: "looked at", probe: true},
		{name: "distrusted", wary: true},
		{name: "swept", sweep: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool := newPool(t, generous)
			conn, far := srv.dial(t)
			now := clock.Mono()
			pool.Put(conn, nil, now)
			if err := far.Close(); err != nil {
				t.Fatal(err)
			}
			if err := conn.Net.WaitReadable(); err != nil {
				t.Fatal(err)
			}
			if c.wary {
				pool.Distrust(now)
			}
			if c.sweep {
				pool.sweep()
				if pool.Len() != 0 {
					t.Error("still there")
				}
				return
			}
			if got := pool.Get(&srv.addr, nil, c.probe, now); got != nil {
				t.Error("a dead connection")
			}
		})
	}
}

func TestPoolTimeout(t *testing.T) {
	srv, pool := newPeer(t), newPool(t, generous)
	conn, _ := srv.dial(t)
	now := clock.Mono()
	pool.Put(conn, nil, now)
	if got := pool.Get(&srv.addr, nil, false, now+generous.Timeout); got != nil {
		t.Error("idle for too long")
	}
}
