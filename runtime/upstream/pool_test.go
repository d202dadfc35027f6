package upstream

import (
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/internal/testcert"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// peer is a server whose accepted connections the test holds.
type peer struct {
	addr netaddr.Addr
	got  chan net.Conn
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{addr: netaddr.AddrOf(l.Addr()), got: make(chan net.Conn, 16)}
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
func (p *peer) dial(t *testing.T, key *Key) (*Conn, net.Conn) {
	t.Helper()
	c, err := Begin(&netio.DialSpec{Addr: p.addr}, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(time.Minute); err != nil {
		t.Fatal(err)
	}
	return c, <-p.got
}

var generous = PoolOptions{Size: 2, Requests: 100, Lifetime: int64(time.Hour), Timeout: int64(time.Minute)}

func newPool(t *testing.T, o PoolOptions) *Pool {
	t.Helper()
	p := NewPool(new(Watcher))
	p.Configure(o)
	t.Cleanup(p.Close)
	return p
}

var plain = &Key{Protocol: "http"}

func TestPool(t *testing.T) {
	srv, pool := newPeer(t), newPool(t, generous)
	now := clock.Mono()
	a, _ := srv.dial(t, plain)
	b, _ := srv.dial(t, &Key{Owner: "owner"})
	c, _ := srv.dial(t, plain)
	pool.Put(a, now)
	pool.Put(b, now)
	pool.Put(c, now) // a is closed for it
	if n := pool.Len(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
	if got := pool.Get(&srv.addr, plain, now); got != c || !got.Cached || got.Requests != 2 {
		t.Errorf("%p, want %p", got, c)
	}
	if got := pool.Get(&srv.addr, plain, now); got != nil {
		t.Error("what is kept for one must not be given to another")
	}
	other := netaddr.UnixAddr("/x")
	if got := pool.Get(&other, &Key{Owner: "owner"}, now); got != nil {
		t.Error("a connection to another address")
	}
	if got := pool.Get(&srv.addr, &Key{Owner: "owner"}, now); got != b {
		t.Errorf("%p, want %p", got, b)
	}
	b.Close()
	c.Close()
}

// TestPoolOfTheNextConfiguration: what a new configuration cannot use is closed.
func TestPoolOfTheNextConfiguration(t *testing.T) {
	srv, gone := newPeer(t), newPeer(t)
	o := generous
	o.Size, o.Peers = 8, []netaddr.Addr{srv.addr, gone.addr}
	pool := newPool(t, o)
	now := clock.Mono()
	kept, _ := srv.dial(t, plain)
	pool.Put(kept, now)
	for _, c := range []struct {
		peer *peer
		key  *Key
	}{{gone, plain}, {srv, &Key{Protocol: "http", Owner: "location"}}, {srv, &Key{Protocol: "http", TLS: "settings"}}} {
		conn, _ := c.peer.dial(t, c.key)
		pool.Put(conn, now)
	}
	if n := pool.Len(); n != 4 {
		t.Fatalf("%d connections are kept", n)
	}
	o.Peers = o.Peers[:1]
	pool.Configure(o)
	if n := pool.Len(); n != 1 || pool.Get(&srv.addr, plain, now) != kept {
		t.Errorf("%d connections are kept", n)
	}
	kept.Close()
}

// TestPoolKey: a connection is given only to an exchange that would make the same
// in every respect.
func TestPoolKey(t *testing.T) {
	srv := newPeer(t)
	base := func() *Key {
		return &Key{
			Owner: "a", Protocol: "http", TLS: "settings", Rare: &Particulars{
				Name: []byte("name"), Certificate: []byte("cert"), PrivateKey: []byte("key"),
				Bind: netaddr.AddrFrom(netip.MustParseAddrPort("127.0.0.1:0")),
			},
		}
	}
	for name, change := range map[string]func(*Key){
		"owner":       func(k *Key) { k.Owner = "b" },
		"protocol":    func(k *Key) { k.Protocol = "fastcgi" },
		"plain":       func(k *Key) { k.TLS = nil },
		"settings":    func(k *Key) { k.TLS = "other" },
		"client":      func(k *Key) { k.Client = 1 },
		"nothing":     func(k *Key) { k.Rare = nil },
		"header":      func(k *Key) { k.Rare.Header.Version = 1 },
		"name":        func(k *Key) { k.Rare.Name = []byte("other") },
		"no name":     func(k *Key) { k.Rare.Name = nil },
		"certificate": func(k *Key) { k.Rare.Certificate = nil },
		"private key": func(k *Key) { k.Rare.PrivateKey = []byte("other") },
		"bind":        func(k *Key) { k.Rare.Bind = netaddr.AddrFrom(netip.MustParseAddrPort("127.0.0.2:0")) },
		"not bound":   func(k *Key) { k.Rare.Bind = netaddr.Addr{} },
		"transparent": func(k *Key) { k.Rare.Transparent = true },
	} {
		pool, other := newPool(t, generous), base()
		change(other)
		now := clock.Mono()
		conn, _ := srv.dial(t, base())
		pool.Put(conn, now)
		if pool.Get(&srv.addr, other, now) != nil {
			t.Errorf("%s: given to another", name)
			continue
		}
		if pool.Get(&srv.addr, base(), now) != conn {
			t.Errorf("%s: not given to its own", name)
			continue
		}
		conn.Close()
	}
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
		conn, _ := srv.dial(t, plain)
		pool.Put(conn, clock.Mono())
		if n := pool.Len(); n != 0 {
			t.Errorf("%s: the connection was kept", c.name)
		}
	}
}

// TestPoolDirty: a connection that its peer has closed, or has sent something
// on, is never given out.
func TestPoolDirty(t *testing.T) {
	srv := newPeer(t)
	for _, c := range []struct {
		name  string
		early bool // before the connection is put back
		end   bool // the end of the stream, else bytes
	}{
		{"bytes before", true, false},
		{"bytes after", false, false},
		{"end before", true, true},
		{"end after", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool := newPool(t, generous)
			conn, far := srv.dial(t, plain)
			now := clock.Mono()
			if !c.early {
				pool.Put(conn, now)
			}
			if c.end {
				_ = far.Close()
			} else if _, err := far.Write([]byte("HTTP/1.1 200 OK\r\n")); err != nil {
				t.Fatal(err)
			}
			if err := conn.Net.(*netio.Conn).WaitReadable(); err != nil {
				t.Fatal(err)
			}
			if c.early {
				pool.Put(conn, now)
			}
			if pool.Get(&srv.addr, plain, now) != nil {
				t.Error("it was given away")
			}
		})
	}
}

// TestPoolWatches: an idle connection is closed as soon as the peer closes it,
// or sends something, also when no exchange asks for it; and it can still be had
// after it was watched.
func TestPoolWatches(t *testing.T) {
	if !netio.ParkBetweenRequests {
		t.Log("this system has no watcher")
		return
	}
	srv, pool := newPeer(t), newPool(t, generous)
	for round := range 3 {
		conn, far := srv.dial(t, plain)
		pool.Put(conn, clock.Mono())
		watched(t, pool)
		if got := pool.Get(&srv.addr, plain, clock.Mono()); got != conn {
			t.Fatalf("%p, want %p", got, conn)
		}
		if _, err := far.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(make([]byte, 8)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		pool.Put(conn, clock.Mono())
		watched(t, pool)
		if round == 0 {
			_ = far.Close()
		} else if _, err := far.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if n, err := far.Read(make([]byte, 1)); round > 0 && (n != 0 || err == nil) {
			t.Error("it was not closed")
		}
		for pool.Len() > 0 {
			runtime.Gosched()
		}
	}
}

// watched waits until the pool's connection is with the watcher.
func watched(t *testing.T, p *Pool) {
	t.Helper()
	for done := false; !done; runtime.Gosched() {
		p.mu.Lock()
		done = len(p.idle) == 1 && p.idle[0].watched
		p.mu.Unlock()
	}
}

// TestPoolRaces: a connection that is watched, and ends just then, is given to at most one exchange.
func TestPoolRaces(t *testing.T) {
	srv := newPeer(t)
	for range 20 {
		pool := newPool(t, generous)
		a, farA := srv.dial(t, plain)
		b, farB := srv.dial(t, plain)
		now := clock.Mono() - int64(time.Second)
		pool.Put(a, now)
		pool.Put(b, now)
		pool.sweep()
		var all sync.WaitGroup
		all.Go(func() { _ = farA.Close() })
		all.Go(func() { _ = farB.Close() })
		var got [3]*Conn
		for i := range got {
			all.Go(func() { got[i] = pool.Get(&srv.addr, plain, now) })
		}
		all.Go(pool.sweep)
		all.Wait()
		for i, c := range got {
			if c == nil {
				continue
			}
			if slices.Contains(got[:i], c) {
				t.Fatal("one connection was given to two")
			}
			c.Close()
		}
		pool.Close()
	}
}

func TestPoolTimeout(t *testing.T) {
	srv, pool := newPeer(t), newPool(t, generous)
	conn, _ := srv.dial(t, plain)
	now := clock.Mono()
	pool.Put(conn, now)
	if got := pool.Get(&srv.addr, plain, now+generous.Timeout); got != nil {
		t.Error("idle for too long")
	}
}

// TestPoolTLS: bytes that the TLS layer has decrypted and that are unread are
// seen, though the socket has nothing left.
func TestPoolTLS(t *testing.T) {
	srv := newPeer(t)
	for _, c := range []struct {
		name string
		sent string
		kept bool
	}{
		{"all read", "12345678", true},
		{"a byte left", "123456789", false},
		{"much left", strings.Repeat("x", 10000), false},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			pool := newPool(t, generous)
			conn, far := srv.dial(t, plain)
			server := tls.Server(far, &tls.Config{
				Certificates: []tls.Certificate{testcert.New(t)}, MaxVersion: version, SessionTicketsDisabled: true,
			})
			var sent sync.WaitGroup
			sent.Go(func() { _, _ = io.WriteString(server, c.sent) })
			if err := conn.Handshake(&tls.Config{InsecureSkipVerify: true}, clock.Mono()+int64(time.Minute)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(conn, make([]byte, 8)); err != nil {
				t.Fatal(err)
			}
			sent.Wait()
			pool.Put(conn, clock.Mono())
			if got := pool.Get(&srv.addr, plain, clock.Mono()); (got == conn) != c.kept {
				t.Errorf("%s, %s: kept %v", c.name, tls.VersionName(version), got == conn)
			}
			if c.kept {
				sent.Go(func() { _, _ = io.WriteString(server, "next") })
				if n, err := io.ReadFull(conn, make([]byte, 4)); err != nil {
					t.Errorf("the connection is not usable any more: %d, %v", n, err)
				}
				sent.Wait()
				conn.Close()
			}
		}
	}
}

// TestPoolForgets: connections to an address that is no peer any more are closed, the others stay.
func TestPoolForgets(t *testing.T) {
	p, stays, goes := newPool(t, generous), newPeer(t), newPeer(t)
	for _, peer := range []*peer{stays, goes} {
		c, _ := peer.dial(t, &Key{})
		p.Put(c, clock.Mono())
	}
	p.Forget(nil)
	if p.Len() != 2 {
		t.Errorf("%d are left of 2", p.Len())
	}
	p.Forget([]netaddr.Addr{goes.addr})
	if p.Len() != 1 || p.Get(&goes.addr, &Key{}, clock.Mono()) != nil {
		t.Error("a connection to an address that has gone is kept")
	}
	c := p.Get(&stays.addr, &Key{}, clock.Mono())
	if c == nil {
		t.Fatal("a connection to another address is gone")
	}
	c.Close()
}
