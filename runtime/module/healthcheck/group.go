package healthcheck

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/resource"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// checkersOf are the checkers of each upstream block. They go from one configuration to the next.
const checkersOf resource.Kind[*checkers] = "health checks"

// checkers are the groups of configurations that check the peers of one upstream block. What the
// last one finds out counts. There is more than one while a configuration is replaced.
type checkers struct {
	mu   sync.Mutex
	list []*group
}

func (s *checkers) add(g *group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, g)
}

func (s *checkers) remove(g *group) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.DeleteFunc(s.list, func(o *group) bool { return o == g })
}

// counts reports whether what g finds out counts.
func (s *checkers) counts(g *group) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.list) > 0 && s.list[len(s.list)-1] == g
}

// group checks the peers of one upstream block for one configuration. One without
// checks makes peers healthy that an earlier configuration has left otherwise.
type group struct {
	name     string
	peers    *upstream.Group
	checkers *checkers
	checks   []*check

	mu      sync.Mutex // taken before those of peers
	cfg     *httpd.Config
	by      map[int]*peer // by id; nil before start, and from stop on
	running bool
}

// peer is a peer with its checks.
type peer struct {
	id    int
	addr  netaddr.Addr
	name  []byte
	tasks []*task
}

// task is one check of one peer. Its fields belong to the lock of the group.
type task struct {
	g       *group
	c       *check
	p       *peer
	verdict upstream.Health
	passed  int // checks in a row
	failed  int
	timer   *time.Timer
	probe   *httpd.Probe   // under way
	conn    *upstream.Conn // kept for the next probe
	since   int64          // clock.Mono when conn was first used
	gone    bool           // the peer is no longer there, or the configuration
}

func newGroup(b *httpd.Builder, up *pass.Upstream) *group {
	g := &group{
		name: up.Host, peers: up.Group(),
		checkers: checkersOf.Take(b.Env.Resources, "http "+up.Host, func() *checkers { return new(checkers) }),
	}
	g.peers.OnChange(func([]netaddr.Addr) { g.changed() })
	return g
}

// start begins to check, or without checks ends what others have found.
func (g *group) start(cfg *httpd.Config) {
	g.checkers.add(g)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cfg, g.by, g.running = cfg, map[int]*peer{}, true
	initial := upstream.Healthy
	for _, c := range g.checks {
		if c.mandatory {
			initial = upstream.Checking
		}
	}
	g.peers.SetInitialHealth(initial)
	for _, s := range g.peers.Snapshot().Peers {
		g.add(&s)
	}
}

// stop ends all checks, those under way included.
func (g *group) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running = false
	for _, p := range g.by {
		p.end()
	}
	g.by = nil
	g.checkers.remove(g)
}

// changed looks what peers there are after a change of the group. Others wait for the change: it does not wait for peers.
func (g *group) changed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.running {
		return
	}
	there := map[int]bool{}
	for _, s := range g.peers.Snapshot().Peers {
		there[s.ID] = true
		if g.by[s.ID] == nil {
			g.add(&s)
		}
	}
	for id, p := range g.by {
		if !there[id] {
			p.end()
			delete(g.by, id)
		}
	}
}

// add begins to check a peer.
func (g *group) add(s *upstream.PeerStatus) {
	p := &peer{id: s.ID, addr: s.Addr, name: []byte(s.Name)}
	g.by[p.id] = p
	for _, c := range g.checks {
		t := &task{g: g, c: c, p: p, verdict: c.begin(s)}
		p.tasks = append(p.tasks, t)
		t.after(c.delay(0))
	}
	if s.State == "unhealthy" || s.State == "checking" || p.health() != upstream.Healthy {
		g.peers.SetHealth(p.id, p.health())
	}
}

// begin is what a check takes a peer for before it has asked it.
func (c *check) begin(s *upstream.PeerStatus) upstream.Health {
	known := s.Checks > 0
	bad := s.State == "unhealthy" || s.State == "checking"
	switch {
	case c.mandatory && !(c.persistent && known && !bad):
		return upstream.Checking
	case known && s.State == "unhealthy":
		return upstream.Unhealthy
	}
	return upstream.Healthy
}

// delay is the time until the next check, at least d.
func (c *check) delay(d time.Duration) time.Duration {
	if c.jitter > 0 {
		d += rand.N(c.jitter)
	}
	return d
}

// health is what all checks together say.
func (p *peer) health() upstream.Health {
	h := upstream.Healthy
	for _, t := range p.tasks {
		if t.verdict == upstream.Unhealthy || h == upstream.Healthy {
			h = t.verdict
		}
	}
	return h
}

// end stops the checks of a peer, and closes the connections that they have kept. It does not wait.
func (p *peer) end() {
	for _, t := range p.tasks {
		t.gone = true
		t.timer.Stop()
		if t.probe != nil {
			t.probe.End()
		}
		t.keep(nil)
	}
}

// keep has the next check use a connection, nil for none, in place of the one that was kept.
func (t *task) keep(c *upstream.Conn) {
	if t.conn != nil {
		t.conn.Drop()
	}
	t.conn = c
}

// after makes the check run in a while.
func (t *task) after(d time.Duration) { t.timer = time.AfterFunc(d, t.run) }

// notYet is how long a check waits for its configuration to serve.
const notYet = 10 * time.Millisecond

// run checks the peer once.
func (t *task) run() {
	g := t.g
	g.mu.Lock()
	if t.gone {
		g.mu.Unlock()
		return
	}
	probe := g.cfg.NewProbe(t.c.server, t.c.loc, t.c.uri, t)
	if probe == nil { // the configuration does not serve yet
		t.after(notYet)
		g.mu.Unlock()
		return
	}
	t.probe = probe
	if clock.Mono()-t.since > int64(t.c.keep) {
		t.keep(nil)
	}
	conn := t.conn
	t.conn = nil
	g.mu.Unlock()

	kept, ok := t.send(probe.R, conn)

	g.mu.Lock()
	t.probe = nil
	t.keep(kept)
	if t.gone {
		t.keep(nil)
	} else {
		t.note(probe.R, ok)
		if kept != nil && kept != conn {
			t.since = clock.Mono()
		}
		t.after(t.c.delay(t.c.interval))
	}
	g.mu.Unlock()
	probe.Release()
}

// note takes the result of a check into account. The caller holds the lock.
func (t *task) note(r *httpd.Request, ok bool) {
	g := t.g
	if !g.checkers.counts(g) {
		return
	}
	g.peers.Checked(t.p.id, ok)
	before := t.p.health()
	if ok {
		t.passed, t.failed = t.passed+1, 0
		if t.verdict == upstream.Checking || t.passed >= t.c.passes {
			t.verdict = upstream.Healthy
		}
	} else {
		t.passed, t.failed = 0, t.failed+1
		if t.verdict == upstream.Checking || t.failed >= t.c.fails {
			t.verdict = upstream.Unhealthy
		}
	}
	after := t.p.health()
	g.peers.SetHealth(t.p.id, after)
	if after != before {
		report(r, after)
	}
}
