package fronttest

import (
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Peer is what connections to a peer reach, of a server that passes requests on. It makes
// an upstream.Transport for each.
type Peer struct {
	// Accept is called on a goroutine of its own for every connection, when it is
	// connected, with its number from 1 on. The connection is closed when it returns. nil:
	// connections are refused.
	Accept func(n int, c *Client)
	// Takes is how long it takes to connect.
	Takes time.Duration

	network *Network
	dialed  int
}

// Peer returns a Peer whose connections belong to n.
func (n *Network) Peer(accept func(n int, c *Client)) *Peer { return &Peer{Accept: accept, network: n} }

// Dial begins a connection. It is for one goroutine at a time.
func (p *Peer) Dial(addr netaddr.Addr) *Dialed {
	far, near := p.network.Pair(addr, addr)
	p.dialed++
	return &Dialed{Conn: near, peer: p, far: far, n: p.dialed}
}

// Dialed is the server's end of a connection to a peer, an upstream.Transport.
type Dialed struct {
	*Conn
	peer *Peer
	far  *Client
	n    int
}

// Connect implements upstream.Transport.
func (d *Dialed) Connect(timeout time.Duration) error {
	if takes := d.peer.Takes; takes > 0 {
		until := clock.Mono() + int64(takes)
		if timeout > 0 {
			takes = min(takes, timeout)
		}
		if err := d.wait(&d.wr, takes, func() bool { return false }); clock.Mono() < until {
			return err
		}
	}
	if d.peer.Accept == nil {
		return syscall.ECONNREFUSED
	}
	d.network.running.Go(func() {
		defer func() { _ = d.far.Close() }()
		d.peer.Accept(d.n, d.far)
	})
	return nil
}

// Ask implements upstream.Transport.
func (c *Conn) Ask(_ int64, q []byte, p *buf.Pool) (b *buf.Buf, n, sent int, err error) {
	if err := c.awaitBytes(0, true); err != nil {
		return nil, 0, 0, err
	}
	sent = c.put(c.out, q)
	switch {
	case sent < 0:
		return nil, 0, 0, syscall.EPIPE
	case sent < len(q):
		return nil, 0, sent, nil
	}
	b, n, err = c.ReadPooled(p)
	return b, n, sent, err
}
