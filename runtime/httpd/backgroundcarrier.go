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
	beside chan struct{} // of the client's connection: it has a value for this request
}

var backgroundCarriers = sync.Pool{New: func() any { return new(backgroundCarrier) }}

// maxBeside is how many requests work in the background for a connection at a time. Each may have a connection to an upstream
// server: a client that sends one request behind the other would open any number of them.
const maxBeside = 8

// beside counts a request that is about to work in the background. Where there are as many as may be it waits for the end of
// one, or does not count it and returns false.
func (r *Request) beside(wait bool) bool {
	places := r.client.Beside(maxBeside)
	select {
	case places <- struct{}{}:
		return true
	default:
	}
	if !wait {
		return false
	}
	r.BeginWait()
	places <- struct{}{}
	r.EndWait()
	return true
}

// newBackgroundCarrier returns a Carrier with the facts of r's client. beside has counted it.
func (r *Request) newBackgroundCarrier() *backgroundCarrier {
	c := r.client
	n := backgroundCarriers.Get().(*backgroundCarrier)
	n.beside = c.Beside(maxBeside)
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
	<-n.beside
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
