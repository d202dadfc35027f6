package httpd

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Probe is a request that runs through a configuration without a connection.
type Probe struct {
	// Local is the address that the client connected to, Peer its own.
	Local, Peer netio.Addr
	// TLS: the connection is an encrypted one, whose handshake named ServerName,
	// "" for no name.
	TLS        bool
	ServerName string
	// Head is the request line and the header fields, up to the empty line.
	Head []byte
}

// What a probe can fail with before there is a request.
var (
	ErrNotListening = errors.New("nothing listens at the address")
	ErrNoTLS        = errors.New("the address does not speak TLS")
	ErrRejected     = errors.New("the TLS handshake is rejected")
)

// At returns the address that connections to local come in on: the one that
// listens there, else the wildcard of its port. It is nil for none.
func (c *Config) At(local *netio.Addr) (found *Addr) {
	for _, a := range c.Addrs {
		at := &a.Spec.Addr
		switch {
		case at.IsUnix() || local.IsUnix():
			if at.IsUnix() && local.IsUnix() && at.Path() == local.Path() {
				return a
			}
		case at.Port() != local.Port():
		case at.IP() == local.IP():
			return a
		case !at.IsWildcard():
		case at.IP().Is4() == local.IP().Is4() || found == nil && at.IP().Is6() && !a.Spec.IPv6Only:
			found = a
		}
	}
	return found
}

// Probe runs a request through the phases of a configuration that was loaded
// with a [Tracer], which gets every event. Nothing is sent or logged.
// The result is the header of the response.
func (c *Config) Probe(p *Probe) ([]byte, error) {
	addr := c.At(&p.Local)
	if addr == nil {
		return nil, ErrNotListening
	}
	var out bytes.Buffer
	conn := &Conn{requests: 1, cfg: c, addr: addr}
	conn.srv = &Instance{stats: &Stats{}}
	conn.nc = netio.Stand(p.Peer, p.Local)
	defer conn.nc.Release()
	conn.client.begin(1, clock.Mono(), &p.Peer, conn.nc)
	if err := conn.pretendTLS(p); err != nil {
		return nil, err
	}
	first := min(len(p.Head), int(addr.Default.Conf.headerBufferSize))
	conn.in = buf.Sized(int(addr.Default.Conf.headerBufferSize))
	conn.in.B = conn.in.B[:addr.Default.Conf.headerBufferSize]
	conn.inEnd = copy(conn.in.B, p.Head[:first])
	conn.rw = readWriter{bytes.NewReader(p.Head[first:]), &out}
	conn.probe()
	if conn.outLen > 0 {
		out.Write(conn.out.B[:conn.outLen])
	}
	return out.Bytes(), nil
}

// probe is serveRequest without a client.
func (c *Conn) probe() {
	r := c.newRequest()
	c.r, r.number = r, 1
	rc := c.readHead(r)
	r.trace(Event{Kind: EventServer, Code: rc})
	r.Body = Body{read: true, bodyDecoder: bodyDecoder{done: true}}
	if rc == OK {
		rc = r.begin()
	}
	r.finalize(rc)
	r.trace(Event{Kind: EventDone})
	r.release()
}

// pretendTLS makes the connection look like one whose handshake is over.
func (c *Conn) pretendTLS(p *Probe) error {
	if !p.TLS {
		c.plainHTTP = c.addr.SSL
		return nil
	}
	if !c.addr.SSL {
		return ErrNoTLS
	}
	c.layer = new(tlsLayer)
	c.layer.start(c)
	c.layer.session.Hello.ServerName = p.ServerName
	c.tls = tls.Server(c.layer, c.addr.TLS)
	settings, err := c.serverByName(p.ServerName)
	if err != nil {
		return ErrRejected
	}
	c.layer.session.settings = settings
	return nil
}

// readWriter is what a probe has in place of a socket.
type readWriter struct {
	io.Reader
	io.Writer
}
