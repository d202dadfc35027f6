package upstream

import "github.com/sluiceproxy/sluice/runtime/netaddr"

// Server is one server line of an upstream block.
type Server struct {
	Name        string // as written
	Addrs       []netaddr.Addr
	Weight      int
	MaxConns    int   // 0: no limit
	MaxFails    int   // 0: failures do not count
	FailTimeout int64 // seconds
	Down        bool
	Backup      bool
}

// Peer is one address of a server. The exported fields never change; the rest
// belongs to the group's lock. What configurations share of it is in state.
type Peer struct {
	Addr   netaddr.Addr
	Name   []byte // the address as text, "127.0.0.1:80"
	Server string // the server line's name

	weight      int
	maxConns    int
	maxFails    int
	failTimeout int64
	down        bool

	current   int // of smooth weighted round robin
	effective int // weight, lowered by failures
	*state
}

// state is the state of the application behind a peer. Configurations that have the
// peer share it. It belongs to the lock of the group.
type state struct {
	fails    int
	conns    int
	accessed int64 // second of the last failure
	checked  int64 // second in which the fail_timeout window began
}

// Set is the peers of one rank: the primary ones, or the backups.
type Set struct {
	Peers    []*Peer
	weighted bool
	weight   int // of all
	tries    int // peers that are not down
	single   bool
}

func newSet(servers []Server, backup bool) *Set {
	s := &Set{}
	for i := range servers {
		srv := &servers[i]
		if srv.Backup != backup {
			continue
		}
		for _, a := range srv.Addrs {
			s.Peers = append(s.Peers, &Peer{
				Addr: a, Name: a.AppendText(nil), Server: srv.Name,
				weight: srv.Weight, effective: srv.Weight, maxConns: srv.MaxConns, maxFails: srv.MaxFails,
				failTimeout: srv.FailTimeout, down: srv.Down, state: &state{},
			})
			s.weight += srv.Weight
			if !srv.Down {
				s.tries++
			}
		}
	}
	s.weighted = s.weight != len(s.Peers)
	return s
}

// alive reports whether p may be given a request at second now.
func (p *Peer) alive(now int64) bool {
	switch {
	case p.down:
	case p.maxFails > 0 && p.fails >= p.maxFails && now-p.checked <= p.failTimeout:
	case p.maxConns > 0 && p.conns >= p.maxConns:
	default:
		return true
	}
	return false
}

// probe starts a new fail_timeout window when the last one is over. In each window
// the peer gets one request.
func (p *Peer) probe(now int64) {
	if now-p.checked > p.failTimeout {
		p.checked = now
	}
}
