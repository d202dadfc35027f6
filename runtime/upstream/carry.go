package upstream

import (
	"slices"
	"strconv"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/resource"
)

// The resources that a group shares with the group of the next configuration: the
// lock, by the name of the block, and the state of each peer, by its block, address
// and rank.
const (
	locks  resource.Kind[*sync.Mutex] = "upstream lock"
	states resource.Kind[*state]      = "upstream peer"
)

// Carry makes g share the state of its peers (failures, and connections in use) with
// the group of the same name in the configuration before, whose requests may go on.
// It is called before g is used. protocol distinguishes groups of http and stream.
// The round robin positions start anew, as in nginx. See docs/adr/0031.
func (g *Group) Carry(resources *resource.Set, protocol string) {
	g.carried = true
	name := protocol + " " + string(g.Name)
	g.mu = locks.Take(resources, name, func() *sync.Mutex { return g.mu })
	seen := map[string]int{} // the same address may be there several times
	for _, s := range []*Set{g.primary, g.backup} {
		if s == nil {
			continue
		}
		for _, p := range s.Peers {
			key := name + " " + string(p.Name)
			if s == g.backup {
				key += " backup"
			}
			seen[key]++
			p.state = states.Take(resources, key+" "+strconv.Itoa(seen[key]), func() *state { return p.state })
		}
	}
}

// resetFailures clears the failures of all peers if every peer is excluded because of
// them. The first request after a change of configuration calls it, once: an
// application that is started before a reload is used at once.
func (g *Group) resetFailures(now int64) {
	sets := []*Set{g.primary, g.backup}
	for _, s := range sets {
		if s != nil && slices.ContainsFunc(s.Peers, func(p *Peer) bool { return p.alive(now) }) {
			return
		}
	}
	for _, s := range sets {
		if s != nil {
			for _, p := range s.Peers {
				p.fails = 0
			}
		}
	}
}
