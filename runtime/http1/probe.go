package http1

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Probe is a request that runs through a configuration without a connection.
type Probe struct {
	// Local is the address that the client connected to, Peer its own.
	Local, Peer netaddr.Addr
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

// Run runs the request through the phases of a configuration that was loaded
// with a [Tracer], which learns all there is to know. Nothing is sent or logged.
// The result is the header of the response.
func (p *Probe) Run(c *httpd.Config) ([]byte, error) {
	addr := c.At(&p.Local)
	if addr == nil {
		return nil, ErrNotListening
	}
	var out bytes.Buffer
	conn := &Conn{requests: 1, cfg: c, addr: addr}
	conn.srv = &Instance{stats: &httpd.Stats{}}
	conn.nc = netio.Stand(p.Peer, p.Local)
	defer conn.nc.Release()
	conn.client.Begin(1, clock.Mono(), &p.Peer, conn.nc)
	if err := conn.pretendTLS(p); err != nil {
		return nil, err
	}
	first := min(len(p.Head), int(addr.Default.Conf.HeaderBufferSize))
	conn.in = buf.Sized(int(addr.Default.Conf.HeaderBufferSize))
	conn.in.B = conn.in.B[:addr.Default.Conf.HeaderBufferSize]
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
	c.r, r.Proto.Number = r, 1
	rc := c.readHead(r)
	r.Trace(httpd.Event{Kind: httpd.EventServer, Code: rc})
	r.Body = httpd.Body{Read: true, Done: true}
	if rc == httpd.OK {
		rc = r.Begin()
	}
	r.Finalize(rc)
	r.Trace(httpd.Event{Kind: httpd.EventDone})
	r.Release()
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
	c.layer.session.Settings = settings
	return nil
}

// readWriter is what a probe has in place of a socket.
type readWriter struct {
	io.Reader
	io.Writer
}
