package upstream

import (
	"errors"
	"slices"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Why a change of a group is refused.
var (
	ErrNotFound   = errors.New("no such server")
	ErrResolved   = errors.New("the server comes from a name that is resolved")
	ErrNoBackup   = errors.New("the balancing method has no backups")
	ErrNoResolver = errors.New("no resolver defined to resolve")
)

// ServerInfo is one server of a group as it is configured: a peer, or a name that is
// looked up, whose peers name it as their Parent.
type ServerInfo struct {
	Server     // Name is the address of a peer as text; Addrs has it alone
	ID     int // never used for another server of the group
	Parent int // ID of the name, -1 for none
}

// Servers lists the servers of the group: the primary ones, the backups, the names.
func (g *Group) Servers() (list []ServerInfo) {
	g.change.Lock()
	defer g.change.Unlock()
	g.now.Load().all(func(p *Peer) { list = append(list, p.info()) })
	for _, n := range g.names {
		list = append(list, n.info())
	}
	return list
}

func (p *Peer) info() ServerInfo {
	i := ServerInfo{Server: p.settings(), ID: p.ID, Parent: -1}
	if p.of != nil {
		i.Parent, i.Service, i.Host = p.of.id, p.of.service, p.of.host
	}
	return i
}

func (n *name) info() ServerInfo { return ServerInfo{Server: n.srv, ID: n.id, Parent: -1} }

// Backups reports whether servers of the group may be backups.
func (g *Group) Backups() bool {
	switch g.method.(type) {
	case RoundRobin, LeastConn, *LeastTime:
		return true
	}
	return false
}

// Add adds a server with one address, or with a name that is looked up. It takes part in
// the next choice.
func (g *Group) Add(s Server) (ServerInfo, error) {
	g.change.Lock()
	defer g.change.Unlock()
	if s.Backup && !g.Backups() {
		return ServerInfo{}, ErrNoBackup
	}
	if s.Host != "" {
		if g.lookups == nil {
			return ServerInfo{}, ErrNoResolver
		}
		n := g.addName(&s)
		n.start()
		return n.info(), nil
	}
	p := g.newPeer(new(Peer), &s, s.Addrs[0])
	g.replace(nil, []*Peer{p})
	return p.info(), nil
}

// Change gives the server of an id other parameters: edit is called with what it has. Its
// addresses, its rank and its service do not change. Of a peer that comes from a name
// nothing changes but Down and Drain.
func (g *Group) Change(id int, edit func(s *Server)) (ServerInfo, error) {
	g.change.Lock()
	defer g.change.Unlock()
	for _, n := range g.names {
		if n.id == id {
			g.changeName(n, edit)
			return n.info(), nil
		}
	}
	p := g.find(id)
	if p == nil {
		return ServerInfo{}, ErrNotFound
	}
	s := p.settings()
	edit(&s)
	if p.of != nil {
		own := p.settings()
		own.Down, own.Drain = s.Down, s.Drain
		s = own
	}
	g.modify([]*Peer{p}, &s)
	return p.info(), nil
}

// changeName is Change for a name, and for all its peers.
func (g *Group) changeName(n *name, edit func(s *Server)) {
	s := n.srv
	edit(&s)
	s.Host, s.Service, s.Backup, s.Name = n.host, n.service, n.srv.Backup, n.srv.Name
	n.srv = s
	var peers []*Peer
	g.now.Load().all(func(p *Peer) {
		if p.of == n {
			peers = append(peers, p)
		}
	})
	g.modify(peers, &s)
}

// modify gives peers the parameters of s. The weight of a peer of a service whose name has
// none is that of its record.
func (g *Group) modify(peers []*Peer, s *Server) {
	g.mu.Lock()
	for _, p := range peers {
		own := *s
		if p.of != nil && p.of.service != "" && s.Weight == 1 {
			own.Weight = p.weight
		}
		p.set(&own)
		if g.sticky {
			p.sid = sid(p)
		}
	}
	g.mu.Unlock()
	g.replace(nil, nil)
}

// Remove takes the server of an id out of the group, with its peers if it is a name.
// Requests that a peer has go on; its kept connections are closed.
func (g *Group) Remove(id int) error {
	g.change.Lock()
	defer g.change.Unlock()
	for i, n := range g.names {
		if n.id == id {
			n.stop()
			g.names = slices.Delete(g.names, i, i+1)
			g.replace(func(p *Peer) bool { return p.of == n }, nil)
			return nil
		}
	}
	switch p := g.find(id); {
	case p == nil:
		return ErrNotFound
	case p.of != nil:
		return ErrResolved
	}
	g.replace(func(p *Peer) bool { return p.ID == id }, nil)
	return nil
}

// find returns the peer of an id, nil for none.
func (g *Group) find(id int) (found *Peer) {
	g.now.Load().all(func(p *Peer) {
		if p.ID == id {
			found = p
		}
	})
	return found
}

// OnChange registers fn to be called after each change of the peers, with the addresses
// that no peer has any more. It is called before the group is used. fn must not change
// the group.
func (g *Group) OnChange(fn func(removed []netaddr.Addr)) { g.watchers = append(g.watchers, fn) }

// replace makes Sets without the peers that drop reports (nil: none) and with more, which
// come last, and tells of it. The caller holds change.
func (g *Group) replace(drop func(p *Peer) bool, more []*Peer) {
	var primary, backup, dropped []*Peer
	add := func(p *Peer) {
		if p.backup {
			backup = append(backup, p)
		} else {
			primary = append(primary, p)
		}
	}
	used := map[string]bool{}
	g.now.Load().all(func(p *Peer) {
		if drop != nil && drop(p) {
			dropped = append(dropped, p)
			return
		}
		used[p.key] = true
		add(p)
	})
	g.mu.Lock()
	for _, p := range more {
		if g.shared != nil {
			g.share(p, used)
		}
		p.begin(g.initial)
		add(p)
	}
	g.mu.Unlock()
	g.install(primary, backup)
	g.mu.Lock()
	for _, p := range dropped {
		p.out |= outGone
		p.gone.Store(true)
		if p.conns > 0 {
			g.zombies++
		}
		g.leave(p)
	}
	g.mu.Unlock()
	g.tell(dropped)
}

// begin puts a new peer of a group in use into the state h, unless more is known of it.
func (p *Peer) begin(h Health) {
	if p.state.users <= 1 && h != Healthy {
		p.health = h
		p.wentDown()
	}
}

// tell calls the watchers after peers were removed, or added.
func (g *Group) tell(dropped []*Peer) {
	if len(g.watchers) == 0 {
		return
	}
	there := map[netaddr.Addr]bool{}
	if len(dropped) > 0 {
		for _, a := range g.Addrs() {
			there[a] = true
		}
	}
	var removed []netaddr.Addr
	for _, p := range dropped {
		if !there[p.Addr] {
			there[p.Addr] = true
			removed = append(removed, p.Addr)
		}
	}
	for _, fn := range g.watchers {
		fn(removed)
	}
}
