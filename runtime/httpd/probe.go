package httpd

import (
	"math"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Probe is a request of the server's own, which checks a peer: it has no client and
// is not answered. It lends the location that it stands for its variables, settings
// and log.
type Probe struct {
	R *Request

	NoClient
	client front.Client
	local  netaddr.Addr
	cfg    *Config

	mu    sync.Mutex
	wait  Waiter
	ended bool
}

// NewProbe returns a request to uri in a location of a server, nil when the
// configuration is about to be closed. about is what its lines in the error log say
// instead of the client and its request. The caller calls Release.
func (c *Config) NewProbe(s *Server, l *Location, uri []byte, about errlog.Context) *Probe {
	if !c.Hold() {
		return nil
	}
	p := &Probe{cfg: c}
	p.client.Begin(0, clock.Mono(), &p.local, p)
	r := NewRequest(&Origin{Config: c, Client: &p.client, Carrier: p, Listen: c.Addrs[0]})
	r.srv, r.loc, r.about = s, l, about
	r.setLog(l.Log)
	r.MethodStr, r.Method, r.Version = methodGet, h1.Get, 1001
	r.URI, r.Unparsed, r.Start = uri, uri, clock.Mono()
	r.Body = Body{Read: true, Done: true}
	p.R = r
	return p
}

// Run answers the request in its location, from the rewrite phase on, and returns the status of the response, whose
// body is not read. 0: there is none.
func (p *Probe) Run() (status int) {
	r := p.R
	r.Proto.HeaderOnly, r.internal = true, true
	r.step(func() { r.Finalize(r.phases(atLocation)) })
	return r.StatusCode()
}

// End ends all waits of the request. Any goroutine may call it.
func (p *Probe) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	if p.wait != nil {
		p.wait.ClientGone()
	}
}

// Watch implements Carrier.
func (p *Probe) Watch(w Waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wait = w
	if p.ended {
		w.ClientGone()
	}
	return true
}

// Unwatch implements Carrier.
func (p *Probe) Unwatch(Waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wait = nil
}

// Release gives the request back.
func (p *Probe) Release() {
	p.R.Release()
	p.cfg.Release()
}

// Local implements Socket.
func (p *Probe) Local() *netaddr.Addr { return &p.local }

// TCPInfo implements Socket.
func (*Probe) TCPInfo(*netaddr.TCPInfo) bool { return false }

// SendRoom implements Socket.
func (*Probe) SendRoom() int { return math.MaxInt }
