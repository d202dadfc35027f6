package upstream

// counters are the statistics of a peer. They belong to the lock
// of the group.
type counters struct {
	requests     uint64
	selected     int64     // clock.Mono, 0: never
	responses    [6]uint64 // by the first digit of the code; [0]: of no code
	sent         uint64
	received     uint64
	failures     uint64 // all attempts that failed
	unavail      uint64 // how often it was left out for its failures
	downtime     int64  // ms, without the time since downSince
	downSince    int64  // ms of the time of day; 0: it is up
	checks       uint64
	checksFailed uint64
	unhealthy    uint64 // how often checks found it to be so
	passed       bool   // the last check passed
}

// add counts an answer, or an attempt without one.
func (n *counters) add(r *Report, o Outcome) {
	if class := r.Status / 100; class > 0 && class < len(n.responses) {
		n.responses[class]++
	}
	n.sent += uint64(max(r.Sent, 0))
	n.received += uint64(max(r.Received, 0))
	if o == Failed {
		n.failures++
	}
}

// wentDown notes that p gets no requests because of what has happened to it.
func (p *Peer) wentDown() {
	if p.health == Healthy && p.fails == p.maxFails {
		p.unavail++
	}
	if p.downSince == 0 {
		p.downSince = wall()
	}
}

// cameUp notes that p may have requests again, if so it is.
func (p *Peer) cameUp() {
	if p.downSince == 0 || p.health != Healthy || p.maxFails > 0 && p.fails >= p.maxFails {
		return
	}
	p.downtime += max(wall()-p.downSince, 0)
	p.downSince = 0
}

// SetHealth sets what checks have found out about the peer of an id: a peer gets requests
// only while it is Healthy. One that becomes so starts slowly if it has a slow_start.
// False: there is no such peer.
func (g *Group) SetHealth(id int, h Health) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.peer(id)
	if p == nil {
		return false
	}
	was := p.health
	p.health = h
	switch h {
	case was:
		return true
	case Healthy:
		if was == Unhealthy && p.slowStart > 0 {
			p.started = millis()
		}
		p.cameUp()
	case Unhealthy:
		p.unhealthy++
		p.wentDown()
	default:
		p.wentDown()
	}
	if g.queue != nil {
		g.queue.serve()
	}
	return true
}

// Checked counts a check of the peer of an id. Whether it changes the health of the peer
// is decided by the caller, which counts in a row. False: there is no such peer.
func (g *Group) Checked(id int, passed bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.peer(id)
	if p == nil {
		return false
	}
	p.checks++
	if !passed {
		p.checksFailed++
	}
	p.passed = passed
	return true
}

// SetInitialHealth says in what state peers begin that are added while the group is in
// use: Checking, where a check is mandatory before the first request. It does not concern
// the peers that there are.
func (g *Group) SetInitialHealth(h Health) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.initial = h
}

// peer returns the peer of an id, nil for none. The caller holds mu.
func (g *Group) peer(id int) *Peer {
	var found *Peer
	g.now.Load().all(func(p *Peer) {
		if p.ID == id {
			found = p
		}
	})
	return found
}
