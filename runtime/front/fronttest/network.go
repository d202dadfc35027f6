package fronttest

import (
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Room is how many bytes a direction of a connection holds by default.
const Room = 64 << 10

// Network makes connections, and is the front.Poller of those that are parked.
type Network struct {
	// Room is how many bytes a direction of a new connection holds before a write waits.
	Room int

	mu       sync.Mutex
	parked   []*Conn
	draining bool
	recalls  int
	dialed   uint16

	running sync.WaitGroup // what Peers do
}

// NewNetwork returns a Network of Room.
func NewNetwork() *Network { return &Network{Room: Room} }

// Bubble runs fn in a bubble of synctest, with an instance that has no configuration yet
// and takes connections of n. The instance quits when fn returns: fn lets its clients go.
func Bubble(t *testing.T, stats *front.Stats, fn func(t *testing.T, n *Network, in *front.Instance)) {
	t.Helper()
	in, err := front.NewInstance(stats) // its IdlePoller waits in the system's poller, which a bubble must not
	if err != nil {
		t.Fatal(err)
	}
	n := NewNetwork()
	in.AddPoller(n)
	synctest.Test(t, func(t *testing.T) {
		defer n.running.Wait()
		defer in.Quit()
		fn(t, n, in)
	})
}

// EmptyPools empties all sync.Pools. It is called before and after a bubble whose code
// keeps channels or timers there: those that were made in a bubble are of no use outside,
// and the other way round.
func EmptyPools() {
	runtime.GC()
	runtime.GC()
}

// Dial connects to the address key of in's configuration, over TCP as it seems. Where the
// server refuses the connection, the client finds it closed.
func (n *Network) Dial(in *front.Instance, key string) *Client {
	n.mu.Lock()
	n.dialed++
	client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 7}), 40000+n.dialed)
	n.mu.Unlock()
	server := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), 80)
	c, s := n.Pair(netaddr.AddrFrom(client), netaddr.AddrFrom(server))
	_ = in.ServeConn(key, s) // which has closed it then
	return c
}

// Pair returns the two ends of a connection.
func (n *Network) Pair(client, server netaddr.Addr) (*Client, *Conn) {
	l := newLink(n.Room)
	c := &Client{link: l, addr: client, server: server}
	c.rd.closed, c.wr.closed = &c.closed, &c.closed
	return c, newConn(n, l, &l.up, &l.down, client, server)
}

// Client is the client's end of a connection.
type Client struct {
	*link
	rd, wr       half
	closed       bool
	addr, server netaddr.Addr
}

var _ net.Conn = (*Client)(nil)

// Read implements net.Conn.
func (c *Client) Read(p []byte) (int, error) {
	if err := c.wait(&c.rd, c.rd.timeout, c.down.readable); err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.take(&c.down, p, false)
}

// Write implements net.Conn.
func (c *Client) Write(p []byte) (int, error) { return c.write(&c.wr, &c.up, p, func() {}) }

// Send writes text. Where the server has closed the connection, the next read finds that.
func (c *Client) Send(text string) { _, _ = c.Write([]byte(text)) }

// Received returns what has come and is not read. It does not wait.
func (c *Client) Received() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.down.data)
}

// Close implements net.Conn.
func (c *Client) Close() error { return c.close(&c.rd, &c.down, &c.up, false) }

// Reset ends the connection with an error of the other end.
func (c *Client) Reset() { _ = c.close(&c.rd, &c.down, &c.up, true) }

// CloseWrite ends what the client sends.
func (c *Client) CloseWrite() error { return c.finish(&c.wr, &c.up) }

// LocalAddr implements net.Conn.
func (c *Client) LocalAddr() net.Addr { return &c.addr }

// RemoteAddr implements net.Conn.
func (c *Client) RemoteAddr() net.Addr { return &c.server }

// SetDeadline implements net.Conn.
func (c *Client) SetDeadline(t time.Time) error { c.setDeadline(t, &c.rd, &c.wr); return nil }

// SetReadDeadline implements net.Conn.
func (c *Client) SetReadDeadline(t time.Time) error { c.setDeadline(t, &c.rd); return nil }

// SetWriteDeadline implements net.Conn.
func (c *Client) SetWriteDeadline(t time.Time) error { c.setDeadline(t, &c.wr); return nil }
