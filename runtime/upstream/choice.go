package upstream

import "github.com/sluiceproxy/sluice/runtime/clock"

// Outcome is how the use of a peer ended.
type Outcome uint8

// The outcomes.
const (
	Worked  Outcome = iota // answered
	Next                   // answered, but the next peer is tried (403, 404)
	Failed                 // counts against max_fails
	Unknown                // does not count for or against the peer
)

// Report is what happened with a peer. The caller sets it before Free.
type Report struct {
	Status         int   // code of the answer, 0: there was none
	Sent, Received int64 // bytes to and from the peer
	Header         int64 // ms until the header of the answer was there, -1: never
	Response       int64 // ms until its end
}

// Choice is the search for a peer on behalf of one request: what was tried and
// what may be tried still. It is reused; Begin starts anew.
type Choice struct {
	Peer   *Peer  // the one in use, nil for none
	Tries  int    // how many more attempts are allowed
	Key    []byte // what a hashing method works on, set by the caller
	Hint   []byte // session id of the peer that the request is bound to, nil for none; set by the caller
	SID    []byte // what sticky sessions call the peer that was chosen last
	Report Report // of the peer in use, see Free
	// Now is the time (clock.Mono) of the next choice; 0: Next looks.
	Now int64

	g        *Group
	ranks    *ranks   // the peers that there were when it began
	set      *Set     // that is searched: the primary ones, then the backups
	bound    int      // peer that Hint names, -1: none that can take the request
	bits     uint64   // tried peers, the first 64
	more     []uint64 // the others
	hash     uint32   // hashing methods: the value or place reached
	rehash   int      // hashing methods: how often it was computed
	number   [20]byte // ... and that as text
	rejected int      // peers rejected so far
	pending  bool     // the peer counts it among those that it is to answer
	wait     waiter
}

// Begin starts a search in g.
func (g *Group) Begin(c *Choice) {
	r := g.now.Load()
	c.g, c.Peer, c.ranks, c.set = g, nil, r, r.primary
	c.hash, c.rehash, c.rejected = 0, 0, 0
	c.forget()
	c.Tries = c.set.tries
	if r.backup != nil {
		c.Tries += r.backup.tries
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

// fresh reports whether no peer of the set was tried.
func (c *Choice) fresh() bool {
	if c.bits != 0 {
		return false
	}
	for _, w := range c.more {
		if w != 0 {
			return false
		}
	}
	return true
}

func (c *Choice) forget() {
	c.bits = 0
	clear(c.more)
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
	if q := g.queue; q != nil && !q.mayPass() {
		return nil
	}
	return c.next()
}

// next is Next under the lock.
func (c *Choice) next() *Peer {
	g := c.g
	if c.Now == 0 {
		c.Now = clock.Mono()
	}
	now := c.Now/1e9 + epoch
	if c.set.single {
		p := c.set.Peers[0]
		if p.out != 0 || p.health != Healthy || p.maxConns > 0 && p.conns >= p.maxConns {
			if c.bound = c.set.bound(c, now); c.bound < 0 {
				return nil
			}
		}
		return c.take(p)
	}
	if g.carried {
		g.carried = false
		g.resetFailures(now)
	}
	if p := c.pick(now); p != nil {
		return p
	}
	if c.ranks.backup == nil || c.set == c.ranks.backup {
		return nil
	}
	c.set = c.ranks.backup
	c.forget()
	return c.pick(now)
}

// pick chooses a peer of the set that is searched, nil for none.
func (c *Choice) pick(now int64) *Peer {
	m := c.g.method
	if c.set.backup {
		m = c.g.backups
	}
	c.bound = c.set.bound(c, now)
	i := c.bound
	if _, turns := m.(RoundRobin); i < 0 || turns {
		i = m.Pick(c, c.set, now)
	}
	if i < 0 {
		return nil
	}
	c.mark(i)
	p := c.set.Peers[i]
	p.probe(now)
	return c.take(p)
}

func (c *Choice) take(p *Peer) *Peer {
	p.conns++
	p.requests++
	p.selected, c.Now = c.Now, 0
	if m, ok := c.g.method.(*LeastTime); ok && m.Inflight {
		p.began()
		c.pending = true
	}
	c.Peer, c.SID = p, p.sid
	c.Report = Report{Header: -1}
	return p
}

// Answered tells that the header of an answer has come, ms after the attempt began. Only
// a method that asks for it has a use for that.
func (c *Choice) Answered(ms int64) {
	m, ok := c.g.method.(*LeastTime)
	if !ok || !m.Inflight || m.LastByte || c.Peer == nil {
		return
	}
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	average(&c.Peer.header, ms)
	if c.pending {
		c.pending = false
		c.Peer.ended(ms)
	}
}

// Free gives the peer in use back. disabled reports that it has just failed
// too often and is left out for its fail_timeout.
func (c *Choice) Free(o Outcome) (disabled bool) {
	p, g := c.Peer, c.g
	if p == nil {
		return false
	}
	c.Peer = nil
	g.mu.Lock()
	defer g.mu.Unlock()
	p.conns--
	if p.out&outGone != 0 && p.conns == 0 {
		g.zombies--
	}
	c.count(p, o)
	if c.set.single {
		p.recovered()
		c.Tries = 0
	} else {
		switch {
		case o == Failed:
			disabled = p.failed(seconds())
		case o != Unknown && p.accessed < p.checked:
			p.recovered() // the probe succeeded
		}
		if c.Tries > 0 {
			c.Tries--
		}
	}
	if g.queue != nil {
		g.queue.serve()
	}
	return disabled
}

// count adds the Report to the figures of p.
func (c *Choice) count(p *Peer, o Outcome) {
	r := &c.Report
	if c.pending {
		c.pending = false
		p.ended(r.Response)
	}
	p.add(r, o)
	if o == Worked && r.Header >= 0 {
		// Only answers that were used count: a peer that fails is quick.
		average(&p.response, r.Response)
		if m, ok := c.g.method.(*LeastTime); !ok || !m.Inflight || m.LastByte {
			average(&p.header, r.Header)
		}
	}
}

func (p *Peer) failed(now int64) (disabled bool) {
	p.fails++
	p.accessed, p.checked = now, now
	if p.maxFails > 0 {
		p.effective -= p.weight / p.maxFails
		if disabled = p.fails >= p.maxFails; disabled {
			p.wentDown()
		}
	}
	p.effective = max(p.effective, 0)
	return disabled
}

// recovered forgets failures. A peer that was left out because of them starts slowly.
func (p *Peer) recovered() {
	if p.fails == 0 {
		return
	}
	if p.maxFails > 0 && p.fails >= p.maxFails && p.slowStart > 0 {
		p.started = millis()
	}
	p.fails = 0
	p.cameUp()
}
