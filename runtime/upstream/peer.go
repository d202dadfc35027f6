package upstream

import (
	"crypto/md5" //nolint:gosec // the names that sticky sessions use for peers are no secret
	"encoding/hex"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// MaxRoute is the longest Route of a Server, in bytes.
const MaxRoute = 32

// Server is one server line of an upstream block, or what the API says of one.
type Server struct {
	Name        string // as written
	Addrs       []netaddr.Addr
	Weight      int
	MaxConns    int   // 0: no limit
	MaxFails    int   // 0: failures do not count
	FailTimeout int64 // seconds
	SlowStart   int64 // ms in which a peer that comes back regains its weight; 0: at once
	Down        bool
	Drain       bool // only requests bound to the server reach it
	Backup      bool
	Route       string // what sticky sessions call it; "": a hash of its address

	// Host is a name that is looked up at run time (resolve), "" for none. Its addresses
	// have the port Port; with a Service the port, the weight and the rank are those of
	// its SRV records.
	Host, Service string
	Port          int
}

// Peer is one address of a server. The exported fields never change, and neither do the
// parameters without a change of the group (Group.mu and Group.change are held to write
// them, either to read them). What configurations share of it is in state.
//
// The fields that a choice reads come first: they fill one cache line, and the peers of
// a configuration lie side by side.
type Peer struct {
	current   int // of smooth weighted round robin
	effective int // weight, lowered by failures
	weight    int
	maxConns  int
	maxFails  int
	// failTimeout is in seconds.
	failTimeout int64
	out         outs
	*state

	slowStart int64  // ms
	sid       []byte // what sticky sessions call it: its route, or a hash of its address; nil in a group that is not sticky
	route     string
	backup    bool
	of        *name // the name that it is an address of; nil: it stands in the configuration
	key       string
	gone      atomic.Bool // it was removed from its group

	Addr   netaddr.Addr
	Name   []byte // the address as text, "127.0.0.1:80"
	Server string // the server line's name
	ID     int    // in its group, never used for another peer
}

// outs is why a peer gets no requests by its settings, a set.
type outs uint8

const (
	outDown  outs = 1 << iota // down
	outDrain                  // drain: only requests bound to it
	outGone                   // removed from its group
)

// Health is what checks have found out about a peer. The zero value is a peer that may
// have requests.
type Health uint8

// The states of health.
const (
	Healthy   Health = iota // the last checks passed, or there are none
	Checking                // to be checked before it gets its first request
	Unhealthy               // the last checks failed
)

// state is the state of the application behind a peer. Configurations that have the
// peer share it. It belongs to the lock of the group.
type state struct {
	fails    int
	conns    int
	checked  int64 // second in which the fail_timeout window began
	accessed int64 // second of the last failure
	health   Health
	started  int64 // ms of clock.Mono at which a slow start began; 0: never
	times
	counters

	users int // peers of all configurations that share it, see shared
}

// Gone reports whether the peer was removed from its group: connections to it are not to
// be kept.
func (p *Peer) Gone() bool { return p.gone.Load() }

// newPeer makes p, which is empty but for its state, a peer of server s.
func (g *Group) newPeer(p *Peer, s *Server, addr netaddr.Addr) *Peer {
	p.Addr, p.Name, p.Server, p.ID, p.backup = addr, addr.AppendText(nil), s.Name, g.nextID, s.Backup
	if p.state == nil {
		p.state = new(state)
	}
	g.nextID++
	p.set(s)
	p.effective = p.weight
	if g.sticky {
		p.sid = sid(p)
	}
	return p
}

// MaxWeight is the largest weight of a peer; a larger one counts as this. Sums and products of weights stay far from where
// they overflow.
const MaxWeight = 1 << 24

// set gives p the parameters of s.
func (p *Peer) set(s *Server) {
	p.weight, p.maxConns, p.maxFails, p.failTimeout = min(s.Weight, MaxWeight), s.MaxConns, s.MaxFails, s.FailTimeout
	p.slowStart, p.route = s.SlowStart, s.Route
	p.out &= outGone
	if s.Down {
		p.out |= outDown
	}
	if s.Drain {
		p.out |= outDrain
	}
	p.effective = min(p.effective, p.weight)
}

// settings is the inverse of set, with the address.
func (p *Peer) settings() Server {
	return Server{
		Name: string(p.Name), Addrs: []netaddr.Addr{p.Addr}, Weight: p.weight, MaxConns: p.maxConns,
		MaxFails: p.maxFails, FailTimeout: p.failTimeout, SlowStart: p.slowStart, Route: p.route,
		Down: p.out&outDown != 0, Drain: p.out&outDrain != 0, Backup: p.backup,
	}
}

// sid returns the session id of a peer.
func sid(p *Peer) []byte {
	if p.route != "" {
		return []byte(p.route)
	}
	sum := md5.Sum(p.Name) //nolint:gosec // see the import
	return hex.AppendEncode(nil, sum[:])
}

// alive reports whether p may be given a request at second now. A choice calls it for each
// peer; it is small enough to be inlined there.
func (p *Peer) alive(now int64) bool {
	return p.out == 0 && p.health == Healthy && (p.fails == 0 || !p.failing(now)) && (p.maxConns == 0 || p.conns < p.maxConns)
}

// bindable is alive for requests that are bound to p, which a drain does not keep away.
func (p *Peer) bindable(now int64) bool {
	return p.out&^outDrain == 0 && p.health == Healthy && !p.failing(now) && (p.maxConns == 0 || p.conns < p.maxConns)
}

// failing reports whether p is left out because of its failures.
func (p *Peer) failing(now int64) bool {
	return p.maxFails > 0 && p.fails >= p.maxFails && now-p.checked <= p.failTimeout
}

// probe starts a new fail_timeout window when the last one is over. In each window
// the peer gets one request.
func (p *Peer) probe(now int64) {
	if now-p.checked > p.failTimeout {
		p.checked = now
	}
}

// share is the part of a weight that a peer has now, of shareAll: less than all of it
// during a slow start.
func (p *Peer) share() int {
	if p.slowStart == 0 || p.started == 0 {
		return shareAll
	}
	passed := millis() - p.started
	if passed >= p.slowStart {
		return shareAll
	}
	return max(int(passed*shareAll/p.slowStart), 1)
}

// shareAll is a whole weight in sets with a slow start, whose weights are counted in
// fractions. The order of round robin does not depend on the unit.
const shareAll = 1024
