package upstream

import "math/rand/v2"

// RoundRobin is nginx's default, smooth weighted round robin: every live peer
// gains its weight, the one with the most is chosen and pays what all gained.
type RoundRobin struct{}

// Prepare implements Balancer.
func (RoundRobin) Prepare(*Set) {}

// Pick implements Balancer.
func (RoundRobin) Pick(c *Choice, s *Set, now int64) int {
	t := smooth{best: -1}
	for i, p := range s.Peers {
		if !c.Tried(i) && p.alive(now) {
			t.add(s, i)
		}
	}
	return t.take(s)
}

// smooth is one choice of smooth weighted round robin: over time each peer is chosen
// in proportion to its weight, and the choices of one peer are spread evenly.
type smooth struct {
	best  int // -1: none so far
	total int
}

// add lets peer i of s take part.
func (t *smooth) add(s *Set, i int) {
	p := s.Peers[i]
	p.current += p.effective
	t.total += p.effective
	if p.effective < p.weight {
		p.effective++
	}
	if t.best < 0 || p.current > s.Peers[t.best].current {
		t.best = i
	}
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

// Pick implements Balancer.
func (LeastConn) Pick(c *Choice, s *Set, now int64) int {
	best, many := -1, false
	for i, p := range s.Peers {
		if c.Tried(i) || !p.alive(now) {
			continue
		}
		if best < 0 {
			best = i
			continue
		}
		b := s.Peers[best]
		switch d := p.conns*b.weight - b.conns*p.weight; {
		case d < 0:
			best, many = i, false
		case d == 0:
			many = true
		}
	}
	if best < 0 || !many {
		return best
	}
	return s.among(c, best, now)
}

// among alternates between the peers that are as busy as peer first.
func (s *Set) among(c *Choice, first int, now int64) int {
	b := s.Peers[first]
	t := smooth{best: -1}
	for i := first; i < len(s.Peers); i++ {
		p := s.Peers[i]
		if !c.Tried(i) && p.conns*b.weight == b.conns*p.weight && p.alive(now) {
			t.add(s, i)
		}
	}
	return t.take(s)
}

// Random chooses a peer by chance and weight (random); with Two, the less busy
// of two such (random two least_conn).
type Random struct {
	Two bool
}

// Prepare implements Balancer.
func (Random) Prepare(*Set) {}

// maxRejected is how many peers a method rejects before it falls back to round
// robin.
const maxRejected = 20

// Pick implements Balancer.
func (m Random) Pick(c *Choice, s *Set, now int64) int {
	first := -1
	for ; c.rejected <= maxRejected; c.rejected++ {
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
			if b.conns*a.weight < a.conns*b.weight {
				return i
			}
			return first
		}
	}
	if first >= 0 {
		return first
	}
	return RoundRobin{}.Pick(c, s, now)
}

// at returns the peer at place w of the weights laid side by side.
func (s *Set) at(w int) int {
	for i, p := range s.Peers {
		if w < p.weight {
			return i
		}
		w -= p.weight
	}
	return len(s.Peers) - 1
}
