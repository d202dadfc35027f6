package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/wire/proxyproto"
)

// Client is what is known of the client of a connection. Nothing of it changes as
// long as the connection lasts, so its requests read it without locks. What a
// request may see differently (the address after realip, the configuration) is the
// Request's own.
type Client struct {
	ID    uint64             // number of the connection in error log lines: *3
	Start int64              // clock.Mono of the accept
	Peer  netaddr.Addr       // of the socket
	Host  []byte             // Peer as text, without its port
	Proxy *proxyproto.Header // the PROXY header that the connection began with, nil without one
	TLS   *Session           // nil on a plain connection

	// Socket gives what only the operating system knows of the connection.
	Socket Socket

	hostText [maxHostText]byte
}

// Socket is the part of a client's socket that requests read facts from.
type Socket interface {
	// Local returns the address that the client connected to.
	Local() *netaddr.Addr
	// TCPInfo fills info and reports whether the system has it.
	TCPInfo(info *netaddr.TCPInfo) bool
}

// maxHostText is more than the length of any address as text.
const maxHostText = 64

// Begin sets what is known when a connection begins.
func (c *Client) Begin(id uint64, start int64, peer *netaddr.Addr, s Socket) {
	c.ID, c.Start, c.Peer, c.Socket = id, start, *peer, s
	c.Host = c.Peer.AppendHost(c.hostText[:0])
}

// Client returns what is known of the client's connection.
func (r *Request) Client() *Client { return r.client }

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
	m.peerText = m.peer.AppendHost(m.Alloc(maxHostText)[:0])
}

// Listen returns the address that the connection came in on, in the configuration
// that the request runs under.
func (r *Request) Listen() *Addr { return r.listen }

// SNIChoice is the server that the name in a handshake has chosen, in the
// configuration of the moment.
type SNIChoice struct {
	Server *Server
	Name   string       // in lower case; "" where no name chose it
	Regex  *regex.Regex // the server_name that matched it
}
