package upstream

// LeastTime chooses the peer that is thought to be done first: by the average time of
// its responses and the number of its connections, in relation to its weight; round
// robin among equals (least_time).
type LeastTime struct {
	LastByte bool // the time to the end of a response counts, not that to its header
	Inflight bool // requests that are not answered yet count, too
}

// times are averages of a peer, in ms.
type times struct {
	header, response int64
	estimated        int   // within one choice
	inflight         int64 // age of the requests that are under way
	pending          int   // how many these are
	pendingSum       int64 // sum of their ages at pendingAt
	pendingAt        int64
}

// Prepare implements Balancer.
func (*LeastTime) Prepare(*Set) {}

// Pick implements Balancer.
func (m *LeastTime) Pick(c *Choice, s *Set, now int64) int {
	if m.Inflight {
		ms := millis()
		for i, p := range s.Peers {
			if p.pending > 0 && p.alive(now) && !c.Tried(i) {
				average(&p.inflight, p.pendingSum/int64(p.pending)+ms-p.pendingAt)
			}
		}
	}
	return s.least(c, now, m)
}

const (
	slowest = 5000 // ms; peers that take longer are equally bad
	step    = 20   // ms; peers that differ by less are equally good
)

// estimate is how long p will take until it is done with its requests and one more.
func (m *LeastTime) estimate(p *Peer, now int64) int {
	t := p.header
	if m.LastByte {
		t = p.response
	}
	if since := now - p.checked; t > 0 && since > p.failTimeout {
		// A peer that was slow gets another chance in each fail_timeout.
		t >>= min(uint64(since/(p.failTimeout+1)), 63)
	}
	if p.pending > 0 {
		t = max(t, p.inflight)
	}
	if t > slowest {
		t = slowest
	} else {
		t += step - t%step
	}
	return int(t) * (1 + p.conns)
}

// average moves an average by a twentieth of the way to v.
func average(avg *int64, v int64) {
	if *avg == 0 {
		*avg = v
		return
	}
	*avg = int64(0.5 + (float64(v)*0.05 + float64(*avg)*0.95))
}

// began counts a request that p is to answer.
func (t *times) began() {
	ms := millis()
	if t.pending > 0 {
		t.pendingSum += (ms - t.pendingAt) * int64(t.pending)
	}
	t.pendingAt = ms
	t.pending++
}

// ended forgets a request that took last ms.
func (t *times) ended(last int64) {
	if t.pending == 1 {
		t.pendingSum = 0
	} else {
		ms := millis()
		t.pendingSum += (ms-t.pendingAt)*int64(t.pending) - last
		t.pendingAt = ms
	}
	t.pending--
}
