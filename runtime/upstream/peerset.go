package upstream

import (
	"slices"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Set is the peers of one rank: the primary ones, or the backups. What peers there are
// never changes; a change of the group makes another Set, and requests under way keep
// theirs.
type Set struct {
	Peers []*Peer

	backup bool
	single bool // the group has but this peer
	tries  int  // peers that are not down
	weight int  // of all
	ends   []int
	slow   bool           // there are peers with a slow start
	bySID  map[string]int // by session id, the first of them; nil if the group is not sticky
	lines  [][]int        // of Ketama: the peers of each server line
	points []point        // ... and the ring
}

// newSet makes a Set of peers.
func (g *Group) newSet(peers []*Peer, backup bool) *Set {
	s := &Set{Peers: peers, backup: backup, ends: make([]int, len(peers))}
	for i, p := range peers {
		s.weight += p.weight
		s.ends[i] = s.weight
		s.slow = s.slow || p.slowStart > 0
		if p.out == 0 {
			s.tries++
		}
	}
	if g.sticky {
		s.bySID = make(map[string]int, len(peers))
		for i, p := range slices.Backward(peers) {
			s.bySID[string(p.sid)] = i
		}
	}
	return s
}

// at returns the peer at place w of the weights laid side by side.
func (s *Set) at(w int) int {
	i, _ := slices.BinarySearch(s.ends, w+1)
	return min(i, len(s.Peers)-1)
}

// bound returns the peer that c is bound to by its Hint, -1 if there is none that can
// take it.
func (s *Set) bound(c *Choice, now int64) int {
	if len(c.Hint) == 0 || s.bySID == nil {
		return -1
	}
	i, ok := s.bySID[string(c.Hint)]
	if !ok || c.Tried(i) || !s.Peers[i].bindable(now) {
		return -1
	}
	return i
}

// SIDOf returns the session id of a peer with an address, nil for none.
func (g *Group) SIDOf(addr *netaddr.Addr) (sid []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now.Load().all(func(p *Peer) {
		if p.Addr == *addr {
			sid = p.sid
		}
	})
	return sid
}
