package httpd

import (
	"math"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// backgroundCarrier is the Carrier of a background request. It has the facts of the
// client that the request was copied from, and no connection: what is sent is
// dropped. It holds the configuration, and an Instance that quits waits for it.
type backgroundCarrier struct {
	NoClient // the body of a background request has been read

	client front.Client
	local  netaddr.Addr
	cfg    *Config // held; nil where it needs no holding
	live   *sync.WaitGroup
}

var backgroundCarriers = sync.Pool{New: func() any { return new(backgroundCarrier) }}

// newBackgroundCarrier returns a Carrier with the facts of r's client.
func (r *Request) newBackgroundCarrier() *backgroundCarrier {
	c := r.client
	n := backgroundCarriers.Get().(*backgroundCarrier)
	n.local, n.live = *c.Socket.Local(), r.live
	n.client.Begin(c.ID, c.Start, &c.Peer, n)
	n.client.Proxy = c.Proxy
	if c.TLS != nil {
		n.client.TLS = c.TLS.Copy()
	}
	if r.cfg.Hold() {
		n.cfg = r.cfg
	}
	n.live.Add(1) // r's connection still counts, so live.Wait has not returned
	return n
}

// end releases the configuration and n's count in live. n is used again, unless its request
// has crashed.
func (n *backgroundCarrier) end(crashed bool) {
	cfg, live := n.cfg, n.live
	if !crashed {
		*n = backgroundCarrier{}
		backgroundCarriers.Put(n)
	}
	cfg.Release()
	live.Done()
}

// Local implements Socket.
func (n *backgroundCarrier) Local() *netaddr.Addr { return &n.local }

// TCPInfo implements Socket.
func (*backgroundCarrier) TCPInfo(*netaddr.TCPInfo) bool { return false }

// SendRoom implements Socket.
func (*backgroundCarrier) SendRoom() int { return math.MaxInt }
