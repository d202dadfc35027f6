package upstream

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Group is an upstream block: the servers that can answer a request, and how
// to choose among them. Safe for concurrent use.
//
// Its peers change while requests run: names are looked up again (names.go), the API
// adds, changes and removes servers (changepeers.go), checks find out about their health
// (health.go). A change makes new Sets; a request goes on with those that it began with.
type Group struct {
	Name []byte // of the block, or the host of proxy_pass
	// Dial makes a connection to a peer that is to be connected; nil: a socket, which TLS
	// needs. It is set before the group is used.
	Dial func(addr netaddr.Addr) Transport

	method  Balancer
	backups Balancer // how a backup is chosen
	sticky  bool
	resolve bool // there may be backups that are not known yet

	// change is held while the peers change, so that changes follow one another. What
	// takes long is done before mu is taken.
	change   sync.Mutex
	nextID   int
	names    []*name
	lookups  *lookups
	watchers []func(removed []netaddr.Addr)
	shared   *shared // with groups of other configurations; nil: with none

	now atomic.Pointer[ranks] // replaced under mu

	mu      *sync.Mutex // of all groups that share states of peers, see Carry
	carried bool        // by Carry, and nothing was chosen since
	initial Health
	queue   *queue
	zombies int // removed peers that still have requests
}

// ranks are the peers of a group.
type ranks struct{ primary, backup *Set } // backup: nil without backups

// Balancer is a load balancing method. Prepare is called once for each Set, before it is
// used. Pick is called under the group's lock.
type Balancer interface {
	Prepare(s *Set)
	// Pick returns the index of the peer to try next, -1 for none. It honours
	// c.Tried and the state of the peers.
	Pick(c *Choice, s *Set, now int64) int
}

// Config is what a group is made of.
type Config struct {
	Name    string
	Servers []Server
	Method  Balancer // nil: RoundRobin
	// Sticky: requests may be bound to a peer by Choice.Hint.
	Sticky bool
	// Queue is how many requests wait at most when no peer can take them, 0 for none, for
	// at most QueueTimeout each.
	Queue        int
	QueueTimeout time.Duration
}

// NewGroup makes a group of servers without further options.
func NewGroup(name string, servers []Server, m Balancer) *Group {
	return New(&Config{Name: name, Servers: servers, Method: m})
}

// New makes a group. Without servers, or with names alone that are not looked up yet, it
// has no peers.
func New(o *Config) *Group {
	g := &Group{Name: []byte(o.Name), mu: new(sync.Mutex), method: o.Method, backups: RoundRobin{}, sticky: o.Sticky}
	switch m := o.Method.(type) {
	case nil:
		g.method = RoundRobin{}
	case LeastConn:
		g.backups = m
	case *LeastTime:
		g.backups = m
	}
	if o.Queue > 0 {
		g.queue = newQueue(g, o.Queue, o.QueueTimeout)
	}
	g.install(g.addServers(o.Servers))
	return g
}

// addServers makes the peers and the names of servers.
func (g *Group) addServers(servers []Server) (primary, backup []*Peer) {
	n := 0
	for i := range servers {
		n += len(servers[i].Addrs)
	}
	all, states := make([]Peer, n), make([]state, n) // side by side, for the choice
	n = 0
	for i := range servers {
		s := &servers[i]
		if s.Host != "" {
			g.addName(s)
			continue
		}
		for _, a := range s.Addrs {
			all[n].state = &states[n]
			p := g.newPeer(&all[n], s, a)
			n++
			if s.Backup {
				backup = append(backup, p)
			} else {
				primary = append(primary, p)
			}
		}
	}
	return primary, backup
}

// install makes Sets of peers and puts them in place of those that there are. The caller
// holds change, and not mu.
func (g *Group) install(primary, backup []*Peer) {
	first := g.newSet(primary, false)
	first.single = len(primary) == 1 && len(backup) == 0
	g.method.Prepare(first)
	var second *Set
	if len(backup) > 0 || g.resolve {
		second = g.newSet(backup, true)
		g.backups.Prepare(second)
	}
	g.mu.Lock()
	g.now.Store(&ranks{first, second})
	if g.queue != nil {
		g.queue.serve()
	}
	g.mu.Unlock()
}

// Single reports whether the group has but one peer.
func (g *Group) Single() bool { return g.now.Load().primary.single }

// all calls fn for every peer, the primary ones first.
func (r *ranks) all(fn func(p *Peer)) {
	for _, p := range r.primary.Peers {
		fn(p)
	}
	if r.backup != nil {
		for _, p := range r.backup.Peers {
			fn(p)
		}
	}
}

// Addrs are the addresses of all peers.
func (g *Group) Addrs() (list []netaddr.Addr) {
	g.now.Load().all(func(p *Peer) { list = append(list, p.Addr) })
	return list
}

// seconds is a clock for fail_timeout.
func seconds() int64 { return clock.Mono()/1e9 + epoch }

// epoch keeps the seconds away from 0, which means never.
const epoch = 1 << 20

// millis is a clock for response times and slow starts.
func millis() int64 { return clock.Mono() / 1e6 }

// wall is the time of day in ms, for what is shown.
func wall() int64 {
	t := clock.Now()
	return t.Sec*1000 + int64(t.Msec)
}
