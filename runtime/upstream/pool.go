package upstream

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// PoolOptions are the keepalive directives of an upstream block.
type PoolOptions struct {
	Size     int   // idle connections kept at most
	Requests int   // exchanges a connection is used for
	Lifetime int64 // ns from the connect on (keepalive_time)
	Timeout  int64 // ns of idleness (keepalive_timeout)
}

// Pool keeps connections to the peers of one upstream open between exchanges.
// It may outlive the configuration that made it. Safe for concurrent use.
//
// nginx hears at once when an idle connection is closed by the peer. Here a
// sweep finds those once a second, and whoever takes one may look first.
type Pool struct {
	mu    sync.Mutex
	opt   PoolOptions
	idle  []*Conn // the most recently used one last
	timer *time.Timer
	armed bool
	wary  atomic.Int64 // clock.Mono until which every connection is looked at
}

// NewPool returns an empty pool.
func NewPool() *Pool { return &Pool{} }

// Configure sets the limits; those of a newer configuration replace the old.
func (p *Pool) Configure(o PoolOptions) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opt = o
	for len(p.idle) > o.Size {
		p.evict(0)
	}
}

// sweepEvery is how often closed and expired connections are looked for.
const sweepEvery = time.Second

// A connection that has been idle for less than this is trusted without a look,
// unless one has turned out dead lately; in nanoseconds.
const (
	fresh     = int64(100 * time.Millisecond)
	suspicion = int64(10 * time.Second)
)

// Distrust notes that a connection taken from the pool at now was dead: for a
// while every one is looked at.
func (p *Pool) Distrust(now int64) { p.wary.Store(now + suspicion) }

// Get takes an idle connection to addr that was put back with the same tag,
// nil when there is none. probe asks to look whether the peer has closed it; now
// is clock.Mono.
func (p *Pool) Get(addr *netio.Addr, tag any, probe bool, now int64) *Conn {
	for {
		c, limit := p.take(addr, tag)
		if c == nil {
			return nil
		}
		age := now - c.idle
		if age >= limit || (probe || age > fresh || now < p.wary.Load()) && c.Readable() {
			c.drop()
			continue
		}
		c.Requests++
		c.Sent, c.Cached = 0, true
		return c
	}
}

// take removes the connection used last, and tells how long it may be idle.
func (p *Pool) take(addr *netio.Addr, tag any) (*Conn, int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if c := p.idle[i]; c.addr == *addr && c.tag == tag {
			p.remove(i)
			return c, p.opt.Timeout
		}
	}
	return nil, 0
}

// Put keeps c for another exchange, or closes it. It belongs to the pool
// afterwards either way. now is clock.Mono, or some time since the peer was
// last heard.
func (p *Pool) Put(c *Conn, tag any, now int64) {
	p.mu.Lock()
	o := &p.opt
	if o.Size == 0 || c.Requests >= o.Requests || now-c.Start > o.Lifetime || !c.Reusable() {
		p.mu.Unlock()
		c.Close()
		return
	}
	if len(p.idle) >= o.Size {
		p.evict(0)
	}
	c.idle, c.tag = now, tag
	p.idle = append(p.idle, c)
	if !p.armed {
		p.arm()
	}
	p.mu.Unlock()
}

func (p *Pool) arm() {
	p.armed = true
	if p.timer == nil {
		p.timer = time.AfterFunc(sweepEvery, p.sweep)
		return
	}
	p.timer.Reset(sweepEvery)
}

// sweep closes what is too old or was closed by the peer.
func (p *Pool) sweep() {
	now := clock.Mono()
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if c := p.idle[i]; now-c.idle >= p.opt.Timeout || c.Readable() {
			p.evict(i)
		}
	}
	p.armed = false
	if len(p.idle) > 0 {
		p.arm()
	}
}

func (p *Pool) evict(i int) {
	c := p.idle[i]
	p.remove(i)
	c.drop()
}

func (p *Pool) remove(i int) {
	n := len(p.idle) - 1
	copy(p.idle[i:], p.idle[i+1:])
	p.idle[n] = nil
	p.idle = p.idle[:n]
}

// Len returns the number of idle connections.
func (p *Pool) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle)
}

// Close closes the idle connections.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		p.evict(len(p.idle) - 1)
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	p.armed = false
}
