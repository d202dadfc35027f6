package upstream

import (
	"slices"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// PoolOptions are the keepalive directives of an upstream block.
type PoolOptions struct {
	Size     int   // idle connections kept at most
	Requests int   // exchanges a connection is used for
	Lifetime int64 // ns from the connect on (keepalive_time)
	Timeout  int64 // ns of idleness (keepalive_timeout)
	Peers    []netaddr.Addr
}

// Pool keeps connections to the peers of one upstream open between exchanges.
// It may outlive the configuration that made it. Safe for concurrent use.
//
// An idle connection that becomes readable, for bytes or for its end, is closed: no
// request is waiting for the bytes (docs/adr/0027). Get checks that there is nothing
// to read. A connection that has been idle for 50 ms waits in a Watcher, which closes
// it as soon as it becomes readable. That costs system calls, which a connection that
// is used more often does not need.
type Pool struct {
	watcher *Watcher

	mu    sync.Mutex
	opt   PoolOptions
	idle  []*Conn // the most recently used one last
	timer *time.Timer
	armed bool
	woke  func(*netio.Conn, netio.Event) // Pool.resumed, bound once
}

// NewPool returns an empty pool whose connections wait in w.
func NewPool(w *Watcher) *Pool {
	p := &Pool{watcher: w}
	p.woke = p.resumed
	return p
}

// Configure sets the limits; those of a newer configuration replace the old. Idle
// connections that the newer one cannot use are closed: those to an address that is
// no peer any more, and those made with TLS settings or for a location of the old one.
func (p *Pool) Configure(o PoolOptions) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opt = o
	for i := len(p.idle) - 1; i >= 0; i-- {
		if c := p.idle[i]; c.key.tls != nil || c.key.owner != nil || !slices.Contains(o.Peers, c.addr) {
			p.evict(i)
		}
	}
	for len(p.idle) > o.Size {
		p.evict(0)
	}
}

// Forget closes the idle connections to addresses that are no peers any more. Who puts a
// connection back afterwards calls it again, see Peer.Gone.
func (p *Pool) Forget(addrs []netaddr.Addr) {
	if len(addrs) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if slices.Contains(addrs, p.idle[i].addr) {
			p.evict(i)
		}
	}
}

const (
	// watchAfter is how long a connection is idle before it goes to the watcher.
	watchAfter = 50 * time.Millisecond
	// sweepEvery is the time between two checks of connections that no watcher takes.
	sweepEvery = time.Second
)

// Get returns an idle connection to addr whose key equals key, nil if there is none.
// now is clock.Mono.
func (p *Pool) Get(addr *netaddr.Addr, key *Key, now int64) *Conn {
	for {
		c := p.take(addr, key, now)
		if c == nil {
			return nil
		}
		if !c.Net.Quiet() {
			c.Drop()
			continue
		}
		if c.Requests == 1 && !c.stay() {
			c.Drop()
			continue
		}
		c.Requests++
		c.Sent, c.Cached = 0, true
		return c
	}
}

// take removes the connection used last.
func (p *Pool) take(addr *netaddr.Addr, key *Key, now int64) *Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		c := p.idle[i]
		switch {
		case c.addr != *addr || !c.key.same(key):
		case now-c.idle >= p.opt.Timeout:
			p.evict(i)
		default:
			p.remove(i)
			if c.leaveWatcher() {
				return c
			}
		}
	}
	return nil
}

// Bound returns the address of an idle connection that is bound to a client's connection,
// see Key.Client. False: there is none.
func (p *Pool) Bound(client uint64) (addr netaddr.Addr, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		if c.key.client == client {
			return c.addr, true
		}
	}
	return addr, false
}

// ClientLeft closes the idle connections that are bound to a client's connection, which has ended:
// no request will ask for them.
func (p *Pool) ClientLeft(client uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if p.idle[i].key.client == client {
			p.evict(i)
		}
	}
}

// Put keeps c for another exchange, or closes it. It belongs to the pool afterwards
// either way. now is clock.Mono, or a time since the last bytes of the peer arrived.
func (p *Pool) Put(c *Conn, now int64) {
	if !c.clean() {
		c.Close()
		return
	}
	p.mu.Lock()
	o := &p.opt
	if o.Size == 0 || c.Requests >= o.Requests || now-c.Start > o.Lifetime {
		p.mu.Unlock()
		c.Close()
		return
	}
	if len(p.idle) >= o.Size {
		p.evict(0)
	}
	c.idle = now
	p.idle = append(p.idle, c)
	if !p.armed {
		p.arm(watchAfter)
	}
	p.mu.Unlock()
}

func (p *Pool) arm(d time.Duration) {
	p.armed = true
	if p.timer == nil {
		p.timer = time.AfterFunc(d, p.sweep)
		return
	}
	p.timer.Reset(d)
}

// sweep hands connections that have been idle for watchAfter to the watcher. If the
// watcher takes none, sweep closes those that are too old or closed by the peer.
func (p *Pool) sweep() {
	now := clock.Mono()
	p.mu.Lock()
	defer p.mu.Unlock()
	var again time.Duration
	for i := len(p.idle) - 1; i >= 0; i-- {
		c := p.idle[i]
		age := now - c.idle
		switch {
		case c.watched:
		case age < int64(watchAfter):
			again = watchAfter
		case age >= p.opt.Timeout || !c.Net.Quiet():
			p.evict(i)
		case !p.watch(c, time.Duration(p.opt.Timeout-age)) && again == 0:
			again = sweepEvery
		}
	}
	p.armed = false
	if again > 0 {
		p.arm(again)
	}
}

// watch hands c to the watcher, for at most d. False: the watcher cannot take it, as
// where it is no socket. The caller holds mu.
func (p *Pool) watch(c *Conn, d time.Duration) bool {
	nc, ok := c.Net.(*netio.Conn)
	if !ok {
		return false
	}
	nc.User = c
	c.watched = true
	if !p.watcher.add(nc, d, p.woke) {
		c.watched = false
	}
	return c.watched
}

// resumed is the watcher's callback: a connection has become readable, or its time
// is over.
func (p *Pool) resumed(nc *netio.Conn, why netio.Event) {
	c := nc.User.(*Conn)
	p.mu.Lock()
	defer p.mu.Unlock()
	// A connection that is not in the list any more was taken or evicted when its
	// wait had just ended: leaveWatcher has left it to this call.
	if i := slices.Index(p.idle, c); i >= 0 {
		if why == netio.Readable && nc.Quiet() && p.watcher.again(nc) {
			return
		}
		p.remove(i)
	}
	c.Drop()
}

func (p *Pool) evict(i int) {
	c := p.idle[i]
	p.remove(i)
	if c.leaveWatcher() {
		c.Drop()
	}
}

func (p *Pool) remove(i int) { p.idle = slices.Delete(p.idle, i, i+1) }

// Len returns the number of idle connections.
func (p *Pool) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle)
}

// Close closes the idle connections, and those that are put back later.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opt.Size = 0
	for len(p.idle) > 0 {
		p.evict(len(p.idle) - 1)
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	p.armed = false
}
