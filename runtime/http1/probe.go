package http1

import (
	"bytes"
	"errors"
	"math"
	"sync"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Probe is a request that runs through a configuration without a connection.
type Probe struct {
	// LocalAddr is the address that the client connected to, Peer its own.
	LocalAddr, Peer netaddr.Addr
	// TLS: the connection is an encrypted one, whose handshake named ServerName,
	// "" for no name.
	TLS        bool
	ServerName string
	// Head is the request line and the header fields, up to the empty line.
	Head []byte
}

// ErrNoTLS is what a probe fails with whose connection is encrypted at an address without
// TLS.
var ErrNoTLS = errors.New("the address does not speak TLS")

// Run runs the request through the phases of a configuration that was loaded
// with an httpd.Tracer, which receives each step. Nothing is sent or logged. The result
// is the header of the response. Before there is a request it fails with
// front.ErrNotListening, ErrNoTLS or front.ErrRejected.
func (p *Probe) Run(c *httpd.Config) ([]byte, error) {
	addr := c.At(&p.LocalAddr)
	if addr == nil {
		return nil, front.ErrNotListening
	}
	n := &probeCarrier{local: p.LocalAddr, rest: bytes.NewReader(p.Head)}
	n.client.Begin(1, clock.Mono(), &p.Peer, n)
	choice, err := n.pretendTLS(p, addr)
	if err != nil {
		return nil, err
	}
	r := httpd.NewRequest(&httpd.Origin{
		Config: c, Client: &n.client, Carrier: n, Listen: addr, SNI: choice, Numbers: new(atomic.Uint64), Live: new(sync.WaitGroup),
	})
	r.Start = clock.Mono()
	r.Proto.Number, r.Proto.PlainHTTP = 1, addr.SSL && !p.TLS
	n.play(r, addr.Default.Conf)
	return n.head, nil
}

// probeCarrier is the Carrier of a request that is made up: its body is empty, and of the
// response it keeps the head.
type probeCarrier struct {
	httpd.NoClient

	client front.Client
	local  netaddr.Addr
	rest   *bytes.Reader // what is unread of the request's head
	head   []byte        // of the response
	input  input
}

// play answers the request.
func (n *probeCarrier) play(r *httpd.Request, conf *settings.Server) {
	n.input.in = buf.Sized(int(conf.HeaderBufferSize))
	n.input.in.B = n.input.in.B[:conf.HeaderBufferSize]
	n.input.inEnd, _ = n.rest.Read(n.input.in.B)
	rc := readHead(r, &n.input, n, r.Start+conf.HeaderTimeout*1e6)
	r.Trace(httpd.Event{Kind: httpd.EventServer, Code: rc})
	r.Body = httpd.Body{Read: true, Done: true}
	if rc == httpd.OK {
		rc = r.Begin()
	}
	r.Finalize(rc)
	r.Trace(httpd.Event{Kind: httpd.EventDone})
	r.Release()
}

// pretendTLS makes the client look like one whose handshake is over.
func (n *probeCarrier) pretendTLS(p *Probe, addr *httpd.Addr) (*httpd.SNIChoice, error) {
	if !p.TLS {
		return nil, nil
	}
	if !addr.SSL {
		return nil, ErrNoTLS
	}
	choice, settings, err := addr.ChooseTLS(p.ServerName)
	if err != nil {
		return nil, err
	}
	n.client.TLS = &front.Session{Hello: front.Hello{ServerName: p.ServerName}}
	n.client.TLS.Use(settings)
	return choice, nil
}

// readBy implements source.
func (n *probeCarrier) readBy(p []byte, _ int64) (int, error) { return n.rest.Read(p) }

// Local implements front.Socket.
func (n *probeCarrier) Local() *netaddr.Addr { return &n.local }

// TCPInfo implements front.Socket.
func (*probeCarrier) TCPInfo(*netaddr.TCPInfo) bool { return false }

// SendRoom implements front.Socket.
func (*probeCarrier) SendRoom() int { return math.MaxInt }

// SendHead implements Carrier.
func (n *probeCarrier) SendHead(r *httpd.Request) httpd.Result {
	if r.Version >= 1000 {
		frame(r)
		n.head = appendHead(nil, r)
	}
	return httpd.OK
}
