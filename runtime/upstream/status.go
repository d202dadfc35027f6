package upstream

import "github.com/sluiceproxy/sluice/runtime/netaddr"

// PeerStatus is a peer as it is at one moment.
type PeerStatus struct {
	ID      int
	Addr    netaddr.Addr
	Name    string // the address as text
	Server  string // the server line's name
	Service string
	Backup  bool
	Weight  int
	// MaxConns is 0 where there is no limit.
	MaxConns int
	State    string // "up", "draining", "down", "unavail", "checking", "unhealthy"
	Active   int    // requests that it has now

	Requests       uint64
	Responses      [6]uint64 // by the first digit of the code, from [1] on
	Sent, Received uint64    // bytes to and from the peer
	Fails, Unavail uint64
	Checks         uint64
	ChecksFailed   uint64
	Unhealthy      uint64
	LastPassed     bool  // the last check passed; false without Checks
	Downtime       int64 // ms
	DownStart      int64 // ms of the time of day, 0: it is up
	Selected       int64 // ms of the time of day, 0: never
	HeaderTime     int64 // ms, averages; 0: none is known
	ResponseTime   int64
}

// Status is a group as it is at one moment.
type Status struct {
	Peers   []PeerStatus
	Zombies int // peers that were removed and still have requests
	// Queued says whether the group has a queue.
	Queued    bool
	Queue     int // requests that wait
	QueueMax  int
	Overflows uint64 // requests that were refused because the queue was full
}

// Snapshot tells what the peers of the group do, the primary ones first. It holds the
// group for about 50 ns a peer.
func (g *Group) Snapshot() (s Status) {
	now, mono := wall(), millis()
	r := g.now.Load()
	n := len(r.primary.Peers)
	if r.backup != nil {
		n += len(r.backup.Peers)
	}
	s.Peers = make([]PeerStatus, 0, n)
	g.mu.Lock()
	defer g.mu.Unlock()
	r.all(func(p *Peer) { s.Peers = append(s.Peers, p.status(now, mono)) })
	s.Zombies = g.zombies
	if q := g.queue; q != nil {
		s.Queued, s.Queue, s.QueueMax, s.Overflows = true, q.size, q.most, q.overflows
	}
	return s
}

// Reset sets the figures of all peers, and of the queue, to 0.
func (g *Group) Reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now.Load().all(func(p *Peer) {
		p.counters = counters{downSince: p.downSince, passed: p.passed}
		p.header, p.response = 0, 0
	})
	if g.queue != nil {
		g.queue.overflows = 0
	}
}

// status is p at a time, given in ms of the time of day and of the monotonic clock. The
// caller holds mu.
func (p *Peer) status(now, mono int64) PeerStatus {
	s := PeerStatus{
		ID: p.ID, Addr: p.Addr, Name: string(p.Name), Server: p.Server, Backup: p.backup, Weight: p.weight,
		MaxConns: p.maxConns, State: p.stateName(), Active: p.conns, Requests: p.requests, Responses: p.responses,
		Sent: p.sent, Received: p.received, Fails: p.failures, Unavail: p.unavail, Checks: p.checks,
		ChecksFailed: p.checksFailed, Unhealthy: p.unhealthy, LastPassed: p.passed, Downtime: p.downtime,
		DownStart: p.downSince, HeaderTime: p.header, ResponseTime: p.response,
	}
	if p.of != nil {
		s.Service = p.of.service
	}
	if p.selected > 0 {
		s.Selected = now - (mono - p.selected/1e6)
	}
	if p.downSince > 0 {
		s.Downtime += max(now-p.downSince, 0)
	}
	return s
}

// stateName is the state as the API calls it.
func (p *Peer) stateName() string {
	switch {
	case p.out&outDown != 0:
		return "down"
	case p.health == Unhealthy:
		return "unhealthy"
	case p.health == Checking:
		return "checking"
	case p.maxFails > 0 && p.fails >= p.maxFails:
		return "unavail"
	case p.out&outDrain != 0:
		return "draining"
	}
	return "up"
}
