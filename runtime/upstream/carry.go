package upstream

import (
	"strconv"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/resource"
)

// sharing is what the groups of a name share over changes of the configuration.
const sharing resource.Kind[*shared] = "upstream group"

// shared is what successive configurations have in common of an upstream block: the lock
// of the group, the state of each peer, by its rank and address, and what the names have
// been resolved to. mu guards all of it. It holds what a peer of a configuration uses
// that still has connections.
type shared struct {
	mu     *sync.Mutex
	states map[string]*state
	names  map[string]*answer
}

// Carry makes g share the state of its peers (failures, health, figures, and connections
// in use) with the group of the same name in the configuration before, whose requests may
// go on, and take over what its names were resolved to. It is called before g is used.
// protocol distinguishes groups of http and stream. The round robin positions start anew,
// as in nginx. See docs/adr/0031.
func (g *Group) Carry(resources *resource.Set, protocol string) {
	g.shared = sharing.Take(resources, protocol+" "+string(g.Name), func() *shared {
		return &shared{mu: g.mu, states: map[string]*state{}, names: map[string]*answer{}}
	})
	g.carried = true
	g.mu = g.shared.mu
	resources.OnStop(g.close)

	g.change.Lock()
	defer g.change.Unlock()
	r := g.now.Load()
	g.mu.Lock()
	used := map[string]bool{}
	r.all(func(p *Peer) { g.share(p, used) })
	g.mu.Unlock()
	g.preresolve()
}

// share gives p its state. used are the keys of the peers of the group that have theirs:
// the same address may be there several times. The caller holds mu.
func (g *Group) share(p *Peer, used map[string]bool) {
	rank := ""
	if p.backup {
		rank = " backup"
	}
	key := string(p.Name) + rank
	for n := 2; used[key]; n++ {
		key = string(p.Name) + rank + " " + strconv.Itoa(n)
	}
	used[key] = true
	s := g.shared.states[key]
	if s == nil {
		s = p.state
		g.shared.states[key] = s
	}
	s.users++
	p.state, p.key = s, key
}

// leave gives up the state of p, which keeps it for the requests that it still has. The
// caller holds mu.
func (g *Group) leave(p *Peer) {
	if p.key == "" {
		return
	}
	if p.users--; p.users == 0 {
		delete(g.shared.states, p.key)
	}
	p.key = ""
}

// close ends the group when its configuration has no connections any more.
func (g *Group) close() {
	g.Stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now.Load().all(g.leave)
}

// resetFailures clears the failures of all peers if every peer is excluded because of
// them. The first request after a change of configuration calls it, once: an
// application that is started before a reload is used at once.
func (g *Group) resetFailures(now int64) {
	r := g.now.Load()
	alive := false
	r.all(func(p *Peer) { alive = alive || p.alive(now) })
	if !alive {
		r.all((*Peer).recovered)
	}
}
