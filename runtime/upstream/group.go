package upstream

import (
	"sync"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Group is an upstream block: the servers that can answer a request, and how
// to choose among them. Safe for concurrent use.
type Group struct {
	Name []byte // of the block, or the host of proxy_pass
	// Dial makes a connection to a peer that is to be connected; nil: a socket, which TLS
	// needs. It is set before the group is used.
	Dial func(addr netaddr.Addr) Transport

	mu      *sync.Mutex // of all groups that share states of peers, see Carry
	primary *Set
	backup  *Set // nil without backups
	method  Balancer
	carried bool // by Carry, and nothing was chosen since
}

// Balancer is a load balancing method. Prepare is called once, before the
// group is used. Pick is called under the group's lock.
type Balancer interface {
	Prepare(s *Set)
	// Pick returns the index of the peer to try next, -1 for none. It honours
	// c.Tried and the state of the peers.
	Pick(c *Choice, s *Set, now int64) int
}

// NewGroup makes a group of at least one server.
func NewGroup(name string, servers []Server, m Balancer) *Group {
	g := &Group{Name: []byte(name), mu: new(sync.Mutex), primary: newSet(servers, false), method: m}
	if b := newSet(servers, true); len(b.Peers) > 0 {
		g.backup = b
	}
	g.primary.single = len(g.primary.Peers) == 1 && g.backup == nil
	m.Prepare(g.primary)
	return g
}

// Single reports whether the group has but one peer.
func (g *Group) Single() bool { return g.primary.single }

// Addrs are the addresses of all peers.
func (g *Group) Addrs() (list []netaddr.Addr) {
	for _, s := range []*Set{g.primary, g.backup} {
		if s == nil {
			continue
		}
		for _, p := range s.Peers {
			list = append(list, p.Addr)
		}
	}
	return list
}

// Outcome is how the use of a peer ended.
type Outcome uint8

// The outcomes.
const (
	Worked  Outcome = iota // answered
	Next                   // answered, but the next peer is tried (403, 404)
	Failed                 // counts against max_fails
	Unknown                // does not count for or against the peer
)

// Choice is the search for a peer on behalf of one request: what was tried and
// what may be tried still. It is reused; Begin starts anew.
type Choice struct {
	Peer  *Peer  // the one in use, nil for none
	Tries int    // how many more attempts are allowed
	Key   []byte // what a hashing method works on, set by the caller

	g        *Group
	set      *Set
	bits     uint64   // tried peers, the first 64
	more     []uint64 // the others
	hash     uint32   // hashing methods: the value or place reached
	rehash   int      // hashing methods: how often it was computed
	rejected int      // peers rejected so far
}

// Begin starts a search in g.
func (g *Group) Begin(c *Choice) {
	c.g, c.set, c.Peer = g, g.primary, nil
	c.bits, c.hash, c.rehash, c.rejected = 0, 0, 0, 0
	clear(c.more)
	c.Tries = g.primary.tries
	if g.backup != nil {
		c.Tries += g.backup.tries
	}
}

// Tried reports whether peer i of the set was tried before.
func (c *Choice) Tried(i int) bool {
	if i < 64 {
		return c.bits&(1<<i) != 0
	}
	w := i/64 - 1
	return w < len(c.more) && c.more[w]&(1<<(i%64)) != 0
}

func (c *Choice) mark(i int) {
	if i < 64 {
		c.bits |= 1 << i
		return
	}
	w := i/64 - 1
	for len(c.more) <= w {
		c.more = append(c.more, 0)
	}
	c.more[w] |= 1 << (i % 64)
}

// Next chooses a peer and takes a place on it; nil when no peer is live.
// The peer is given back with Free.
func (c *Choice) Next() *Peer {
	g := c.g
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.set.single {
		p := c.set.Peers[0]
		if p.down || p.maxConns > 0 && p.conns >= p.maxConns {
			return nil
		}
		return c.take(p)
	}
	now := seconds()
	if g.carried {
		g.carried = false
		g.resetFailures(now)
	}
	if i := c.pick(now); i >= 0 {
		return c.take(c.set.Peers[i])
	}
	if c.set == g.backup || g.backup == nil {
		return nil
	}
	c.set, c.bits = g.backup, 0
	clear(c.more)
	if i := c.pick(now); i >= 0 {
		return c.take(c.set.Peers[i])
	}
	return nil
}

// pick chooses a peer by the group's method; backups are always chosen round robin.
func (c *Choice) pick(now int64) int {
	var i int
	if c.set == c.g.backup {
		i = RoundRobin{}.Pick(c, c.set, now)
	} else {
		i = c.g.method.Pick(c, c.set, now)
	}
	if i >= 0 {
		c.mark(i)
		c.set.Peers[i].probe(now)
	}
	return i
}

func (c *Choice) take(p *Peer) *Peer {
	p.conns++
	c.Peer = p
	return p
}

// Free gives the peer in use back. disabled reports that it has just failed
// too often and is left out for its fail_timeout.
func (c *Choice) Free(o Outcome) (disabled bool) {
	p := c.Peer
	if p == nil {
		return false
	}
	c.Peer = nil
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	p.conns--
	if c.set.single {
		p.fails, c.Tries = 0, 0
		return false
	}
	switch {
	case o == Failed:
		disabled = p.failed(seconds())
	case o != Unknown && p.accessed < p.checked:
		p.fails = 0 // the probe succeeded
	}
	if c.Tries > 0 {
		c.Tries--
	}
	return disabled
}

func (p *Peer) failed(now int64) (disabled bool) {
	p.fails++
	p.accessed, p.checked = now, now
	if p.maxFails > 0 {
		p.effective -= p.weight / p.maxFails
		disabled = p.fails >= p.maxFails
	}
	p.effective = max(p.effective, 0)
	return disabled
}

// seconds is a clock for fail_timeout.
func seconds() int64 { return clock.Mono()/1e9 + 1<<20 }
