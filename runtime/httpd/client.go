package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Client returns what is known of the client's connection.
func (r *Request) Client() *front.Client { return r.client }

// Peer returns the client's address, as realip left it. The address of the socket
// itself is always that of Client.
func (r *Request) Peer() *netaddr.Addr {
	if m := r.main; m.replaced {
		return &m.peer
	}
	return &r.client.Peer
}

// RemoteAddr returns Peer as text without its port: $remote_addr.
func (r *Request) RemoteAddr() []byte {
	if m := r.main; m.replaced {
		return m.peerText
	}
	return r.client.Host
}

// PeerReplaced reports whether SetPeer was called during this request.
func (r *Request) PeerReplaced() bool { return r.main.replaced }

// SetPeer makes a the client's address until the request ends (realip).
func (r *Request) SetPeer(a netaddr.Addr) {
	m := r.main
	m.peer, m.replaced = a, true
	m.peerText = m.peer.AppendHost(m.Alloc(front.MaxHostText)[:0])
}

// Listen returns the address that the connection came in on, in the configuration
// that the request runs under.
func (r *Request) Listen() *Addr { return r.listen }

// Evaluate runs fn with a request that stands for a connection during its handshake, so that
// values with variables can be computed.
func Evaluate(c *front.Conn, fn func(r *Request)) {
	r := c.Endpoint().(*Endpoint).NewRequest(c, NoClient{})
	r.Start = clock.Mono()
	fn(r)
	r.Release()
}
