package httpd

import (
	"errors"
	"io"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// backgroundCarrier is the Carrier of a background request. It has the facts of the
// client that the request was copied from, and no connection: what is sent is
// dropped. It holds the configuration, and an Instance that quits waits for it.
type backgroundCarrier struct {
	client Client
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
		n.client.TLS = c.TLS.copy()
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

var errNoClient = errors.New("a background request has no client")

// The methods of Carrier. The body of a background request has been read.

func (*backgroundCarrier) NextBody(*Request) ([]byte, error)       { return nil, io.EOF }
func (*backgroundCarrier) ReadyBody(*Request, []byte) (int, error) { return 0, nil }
func (*backgroundCarrier) BodyAhead() (received, room int64)       { return 0, 0 }
func (*backgroundCarrier) DetachBody(*Request) (BodyFlow, error)   { return nil, errNoClient }
func (*backgroundCarrier) AttachBody(*Request, BodyFlow) error     { return errNoClient }
func (*backgroundCarrier) DropBody(*Request) Result                { return OK }
func (*backgroundCarrier) DropsBody() bool                         { return false }
func (*backgroundCarrier) Continue(*Request) error                 { return nil }
func (*backgroundCarrier) SendHints(*Request) error                { return nil }
func (*backgroundCarrier) SendHead(*Request) Result                { return OK }
func (*backgroundCarrier) Write(*Request, *Out) error              { return nil }
func (*backgroundCarrier) Flush(*Request) error                    { return nil }
func (*backgroundCarrier) Pending() int                            { return 0 }
func (*backgroundCarrier) TakeBack(int)                            {}
func (*backgroundCarrier) Overdue(*Request) bool                   { return false }
func (*backgroundCarrier) OnBlocked(func())                        {}
func (*backgroundCarrier) Blocked()                                {}
func (*backgroundCarrier) Watch(Waiter) bool                       { return true }
func (*backgroundCarrier) Unwatch(Waiter)                          {}
func (*backgroundCarrier) EndWaits()                               {}
func (*backgroundCarrier) HungUp() (bool, error)                   { return false, nil }
func (*backgroundCarrier) Closed() bool                            { return false }
func (*backgroundCarrier) Hijack() Hijacked                        { return Hijacked{} }
