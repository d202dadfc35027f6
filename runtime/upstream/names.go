package upstream

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/resolver"
)

// A server line with resolve names a host, or a service, whose addresses are the peers.
// They are looked up in the background: each time when the answer before is no longer
// valid. No request ever waits for that. Where a lookup fails the peers stay; they go
// where the name does not exist any more.

// Lookups is what the names of a group are resolved with.
type Lookups struct {
	Resolver *resolver.Resolver
	Timeout  time.Duration     // of one lookup (resolver_timeout)
	Log      func(text string) // takes messages of level error
}

// lookups are those of a group, from Watch to Stop.
type lookups struct {
	Lookups
	cancel  chan struct{} // closed by Stop
	running sync.WaitGroup
}

// name is a server line with resolve.
type name struct {
	g  *Group
	id int

	// host and service are what is looked up. They never change.
	host, service string

	srv   Server      // its parameters; guarded by the group's change
	last  *answer     // nil: none was valid yet
	timer *time.Timer // of the next lookup; nil before the first
	over  bool        // it was removed from its group
}

// answer is what a name was resolved to.
type answer struct {
	targets []target
	valid   time.Time
}

// target is one address of a name.
type target struct {
	addr   netip.AddrPort // without a port if the name is none of a service
	server string         // of a service: the host that the record names
	weight int            // ... and its weight
	backup bool           // ... which is not of the first priority
}

// addName adds a server whose name is looked up. The caller holds change, or the group is
// not used yet.
func (g *Group) addName(s *Server) *name {
	n := &name{g: g, id: g.nextID, host: s.Host, service: s.Service, srv: *s}
	g.nextID++
	g.names = append(g.names, n)
	g.resolve = g.resolve || g.Backups()
	return n
}

// preresolve takes over the addresses that the configuration before has found. The caller
// holds change.
func (g *Group) preresolve() {
	for _, n := range g.names {
		g.mu.Lock()
		known := g.shared.names[n.key()]
		g.mu.Unlock()
		if known != nil {
			n.apply(known)
		}
	}
}

// key identifies the name in what configurations share.
func (n *name) key() string { return n.service + " " + n.host }

// Watch begins to look names up. It is called once, when the configuration of the group
// begins to serve. Stop ends it.
func (g *Group) Watch(l Lookups) {
	g.change.Lock()
	defer g.change.Unlock()
	if g.lookups != nil {
		return
	}
	g.lookups = &lookups{Lookups: l, cancel: make(chan struct{})}
	g.forgetNames()
	for _, n := range g.names {
		n.start()
	}
}

// forgetNames drops what configurations before have looked up and this one does not. The
// caller holds change.
func (g *Group) forgetNames() {
	if g.shared == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for key := range g.shared.names {
		if !slices.ContainsFunc(g.names, func(n *name) bool { return n.key() == key }) {
			delete(g.shared.names, key)
		}
	}
}

// Stop ends the lookups that Watch has begun, and waits for those under way.
func (g *Group) Stop() {
	g.change.Lock()
	l := g.lookups
	g.lookups = nil
	for _, n := range g.names {
		n.stop()
	}
	g.change.Unlock()
	if l != nil {
		close(l.cancel)
		l.running.Wait()
	}
}

// start begins the lookups of n: at once, or when what is known is no longer valid. The
// caller holds change.
func (n *name) start() {
	var wait time.Duration
	if n.last != nil {
		wait = time.Until(n.last.valid)
	}
	n.after(max(wait, time.Millisecond))
}

// stop ends them. The caller holds change.
func (n *name) stop() {
	n.over = true
	if n.timer != nil && n.timer.Stop() {
		n.timer = nil
	}
}

// after arranges the next lookup. The caller holds change.
func (n *name) after(d time.Duration) {
	if l := n.g.lookups; l != nil && !n.over {
		n.timer = time.AfterFunc(d, func() { n.lookup(l) })
	}
}

// lookup looks the name up once.
func (n *name) lookup(l *lookups) {
	n.g.change.Lock()
	if n.over || n.g.lookups != l {
		n.g.change.Unlock()
		return
	}
	l.running.Add(1) // Stop waits for it from now on
	n.g.change.Unlock()
	defer l.running.Done()

	a, err := n.ask(l)
	if errors.Is(err, resolver.ErrClosed) || errors.Is(err, resolver.ErrCancelled) {
		return
	}
	var failed *resolver.Error
	if err != nil {
		l.Log(n.failure(err))
		if !errors.As(err, &failed) || failed.Code != resolver.HostNotFound {
			n.g.change.Lock()
			n.after(max(l.Timeout, time.Second))
			n.g.change.Unlock()
			return
		}
		a = &answer{valid: failed.Valid}
	}
	n.g.change.Lock()
	defer n.g.change.Unlock()
	if n.over {
		return
	}
	n.apply(a)
	// Answers are valid to the second.
	n.after(max(time.Until(a.valid)+time.Second, time.Millisecond))
}

// ask returns the addresses of the name.
func (n *name) ask(l *lookups) (*answer, error) {
	w := resolver.Wait{Timeout: l.Timeout, Cancel: l.cancel}
	if n.service == "" {
		ips, valid, err := l.Resolver.Resolve(nil, n.host, w)
		a := &answer{valid: valid}
		for _, ip := range ips {
			a.targets = append(a.targets, target{addr: netip.AddrPortFrom(ip, 0)})
		}
		return a, err
	}
	w.Failed = func(err *resolver.Error) {
		l.Log(err.Error() + " while resolving service " + n.service + " of " + n.host)
	}
	list, valid, err := l.Resolver.ResolveService(nil, n.service, n.host, w)
	a := &answer{valid: valid}
	for i := range list {
		t := &list[i]
		a.targets = append(a.targets, target{
			addr: t.Addr, server: t.Name, weight: int(t.Weight), backup: t.Priority != list[0].Priority,
		})
	}
	return a, err
}

// failure is the message about a lookup that failed.
func (n *name) failure(err error) string {
	var failed *resolver.Error
	if n.service == "" || !errors.As(err, &failed) {
		return err.Error()
	}
	return "service " + n.service + " of " + n.host + " could not be resolved (" +
		strconv.Itoa(int(failed.Code)) + ": " + failed.Code.String() + ")"
}

// apply makes the addresses of a the peers of n: those that were there stay. The caller
// holds change.
func (n *name) apply(a *answer) {
	g := n.g
	n.last = a
	if g.shared != nil {
		g.mu.Lock()
		g.shared.names[n.key()] = a
		g.mu.Unlock()
	}
	left := n.wanted(a)
	drop := map[*Peer]bool{}
	g.now.Load().all(func(p *Peer) {
		if p.of != n {
			return
		}
		i := slices.IndexFunc(left, func(s Server) bool {
			return s.Addrs[0] == p.Addr && s.Backup == p.backup && (n.service == "" || s.Name == p.Server && s.Weight == p.weight)
		})
		if i < 0 {
			drop[p] = true
			return
		}
		left = slices.Delete(left, i, i+1)
	})
	if len(left) == 0 && len(drop) == 0 {
		return
	}
	more := make([]*Peer, len(left))
	for i := range left {
		more[i] = g.newPeer(new(Peer), &left[i], left[i].Addrs[0])
		more[i].of = n
	}
	g.replace(func(p *Peer) bool { return drop[p] }, more)
}

// wanted are the addresses of a as servers.
func (n *name) wanted(a *answer) (list []Server) {
	for _, t := range a.targets {
		s := n.srv
		s.Weight = min(s.Weight, MaxWeight)
		if t.backup && (s.Backup || !n.g.Backups()) {
			continue // there is no rank behind
		}
		s.Backup = s.Backup || t.backup
		ap := t.addr
		if s.Service == "" {
			ap = netip.AddrPortFrom(ap.Addr(), uint16(s.Port))
		} else {
			s.Name = t.server
			if s.Weight == 1 {
				s.Weight = t.weight
			}
		}
		s.Addrs = []netaddr.Addr{netaddr.AddrFrom(ap)}
		list = append(list, s)
	}
	return list
}
