package upstream

import "math/rand/v2"

// RoundRobin is nginx's default, smooth weighted round robin: every live peer
// gains its weight, the one with the most is chosen and pays what all gained.
type RoundRobin struct{}

// Prepare implements Balancer.
func (RoundRobin) Prepare(*Set) {}

// Pick implements Balancer. A request that is bound to a peer counts as a turn of this
// peer, unless it is far ahead of its turns already.
func (RoundRobin) Pick(c *Choice, s *Set, now int64) int {
	if b := c.bound; b >= 0 && s.Peers[b].current <= -(s.weight-s.Peers[b].weight)*s.unit() {
		return b
	}
	t := smooth{best: -1}
	if c.fresh() && !s.slow {
		t.addAll(s, now)
	} else {
		for i, p := range s.Peers {
			if !c.Tried(i) && p.alive(now) {
				t.add(s, i)
			}
		}
	}
	if c.bound >= 0 {
		t.best = c.bound
	}
	return t.take(s)
}

// smooth is one choice of smooth weighted round robin: over time each peer is chosen
// in proportion to its weight, and the choices of one peer are spread evenly.
type smooth struct {
	best  int // -1: none so far
	most  int // what best has
	total int
}

// unit is what a weight of 1 counts in round robin.
func (s *Set) unit() int {
	if s.slow {
		return shareAll
	}
	return 1
}

// add lets peer i of s take part.
func (t *smooth) add(s *Set, i int) {
	p := s.Peers[i]
	gain := p.effective
	if s.slow {
		gain *= p.share()
	}
	p.current += gain
	t.total += gain
	if p.effective < p.weight {
		p.effective++
	}
	if t.best < 0 || p.current > t.most {
		t.best, t.most = i, p.current
	}
}

// addAll is add for all live peers of s, none of which starts slowly.
func (t *smooth) addAll(s *Set, now int64) {
	best, most, total := -1, 0, 0
	for i, p := range s.Peers {
		if !p.alive(now) {
			continue
		}
		p.current += p.effective
		total += p.effective
		if p.effective < p.weight {
			p.effective++
		}
		if best < 0 || p.current > most {
			best, most = i, p.current
		}
	}
	t.best, t.total = best, total
}

// take ends the turn and returns the chosen peer, -1 where none took part.
func (t *smooth) take(s *Set) int {
	if t.best >= 0 {
		s.Peers[t.best].current -= t.total
	}
	return t.best
}

// LeastConn chooses the peer with the fewest connections in relation to its
// weight, round robin among equals (least_conn).
type LeastConn struct{}

// Prepare implements Balancer.
func (LeastConn) Prepare(*Set) {}

// Pick implements Balancer. It is least written out for weights that do not change, which among 1,000 peers takes two thirds of
// the time.
func (LeastConn) Pick(c *Choice, s *Set, now int64) int {
	if s.slow {
		return s.least(c, now, nil)
	}
	best, many := -1, false
	lowest, weight := 0, 0
	again := !c.fresh()
	for i, p := range s.Peers {
		if !p.alive(now) || again && c.Tried(i) {
			continue
		}
		switch d := p.conns*weight - lowest*p.weight; {
		case best < 0 || d < 0:
			best, many, lowest, weight = i, false, p.conns, p.weight
		case d == 0:
			many = true
		}
	}
	if best < 0 || !many {
		return best
	}
	// Round robin among equals, from the first of them on.
	t := smooth{best: -1}
	for i, p := range s.Peers[best:] {
		if p.conns*weight != lowest*p.weight || !p.alive(now) || again && c.Tried(best+i) {
			continue
		}
		p.current += p.effective
		t.total += p.effective
		if p.effective < p.weight {
			p.effective++
		}
		if t.best < 0 || p.current > t.most {
			t.best, t.most = best+i, p.current
		}
	}
	return t.take(s)
}

// least chooses the peer with the lowest load in relation to its weight, round robin
// among equals. The load is the time that m estimates, with a nil m the connections.
func (s *Set) least(c *Choice, now int64, m *LeastTime) int {
	best, many := -1, false
	lowest, weight := 0, 0
	again := !c.fresh()
	for i, p := range s.Peers {
		if !p.alive(now) || again && c.Tried(i) {
			continue
		}
		l, w := p.conns, p.weight
		if m != nil {
			l = m.estimate(p, now)
			p.estimated = l
		}
		if s.slow {
			w *= p.share()
		}
		switch d := l*weight - lowest*w; {
		case best < 0 || d < 0:
			best, many, lowest, weight = i, false, l, w
		case d == 0:
			many = true
		}
	}
	if best < 0 || !many {
		return best
	}
	// Round robin among equals, from the first of them on.
	t := smooth{best: -1}
	for i := best; i < len(s.Peers); i++ {
		p := s.Peers[i]
		if !p.alive(now) || again && c.Tried(i) {
			continue
		}
		l, w := p.conns, p.weight
		if m != nil {
			l = p.estimated
		}
		if s.slow {
			w *= p.share()
		}
		if l*weight == lowest*w {
			t.add(s, i)
		}
	}
	return t.take(s)
}

// Random chooses a peer by chance and weight (random); with Two, the better one of two
// such: the less busy one, or by the time that it takes (random two METHOD).
type Random struct {
	Two  bool
	Time *LeastTime // nil: by connections
}

// Prepare implements Balancer.
func (Random) Prepare(*Set) {}

// maxRejected is how many peers a method rejects before it falls back to round
// robin.
const maxRejected = 20

// Pick implements Balancer.
func (m Random) Pick(c *Choice, s *Set, now int64) int {
	first := -1
	for ; c.rejected <= maxRejected && len(s.Peers) > 1; c.rejected++ {
		i := s.at(rand.IntN(max(s.weight, 1)))
		if i == first || c.Tried(i) || !s.Peers[i].alive(now) {
			continue
		}
		switch {
		case !m.Two:
			return i
		case first < 0:
			first = i
		default:
			a, b := s.Peers[first], s.Peers[i]
			if m.load(b, now)*a.weight > m.load(a, now)*b.weight {
				return first
			}
			return i
		}
	}
	return RoundRobin{}.Pick(c, s, now)
}

// load is what of two peers is compared.
func (m Random) load(p *Peer, now int64) int {
	if m.Time != nil {
		return m.Time.estimate(p, now)
	}
	return p.conns
}
