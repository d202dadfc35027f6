package front

import (
	"sync"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
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

	mu        sync.Mutex    // for the next two: requests of one connection may run side by side
	beside    chan struct{} // see Beside
	followers *follower     // mostly nil

	hostText [MaxHostText]byte
}

// Socket is the part of a client's socket that requests read facts from.
type Socket interface {
	// Local returns the address that the client connected to.
	Local() *netaddr.Addr
	// TCPInfo fills info and reports whether the system has it.
	TCPInfo(info *netaddr.TCPInfo) bool
	// SendRoom is about how many bytes the system takes at once for the client, math.MaxInt
	// if that is not known.
	SendRoom() int
}

// Follower has something for one client's connection alone, which is no use after it.
type Follower interface {
	// ClientLeft is called once when the connection ends. id is Client.ID.
	ClientLeft(id uint64)
}

// follower is one of a list.
type follower struct {
	Follower
	next *follower
}

// Beside has a value for each request that works beside the connection, in the background: its capacity, that of the
// first call, bounds them.
func (c *Client) Beside(capacity int) chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.beside == nil {
		c.beside = make(chan struct{}, capacity)
	}
	return c.beside
}

// Follow has f told when the connection ends, once however often it is called. A request of the
// connection calls it.
func (c *Client) Follow(f Follower) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for o := c.followers; o != nil; o = o.next {
		if o.Follower == f {
			return
		}
	}
	c.followers = &follower{f, c.followers}
}

// left tells the followers.
func (c *Client) left() {
	for o := c.followers; o != nil; o = o.next {
		o.ClientLeft(c.ID)
	}
	c.followers = nil
}

// MaxHostText is more than the length of any address as text.
const MaxHostText = 64

// Begin sets what is known when a connection begins.
func (c *Client) Begin(id uint64, start int64, peer *netaddr.Addr, s Socket) {
	c.ID, c.Start, c.Peer, c.Socket, c.beside, c.followers = id, start, *peer, s, nil, nil
	c.Host = c.Peer.AppendHost(c.hostText[:0])
}
