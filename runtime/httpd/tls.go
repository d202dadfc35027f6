package httpd

import (
	"crypto/tls"
	"errors"
	"io"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	"github.com/sluiceproxy/sluice/runtime/wire/proxyproto"
)

// handshake puts TLS on a fresh connection. False ends it.
func (c *Conn) handshake() bool {
	c.action = "SSL handshaking"
	c.nc.SetReadTimeout(msec(c.addr.Default.Conf.headerTimeout))
	var first [1]byte
	n, err := c.nc.Peek(first[:])
	if n == 0 || err != nil {
		c.handshakeFailed(err)
		return false
	}
	if first[0]&0x80 == 0 && first[0] != 0x16 {
		c.plainHTTP = true
		return true
	}
	if c.rec == nil {
		c.rec = new(netio.RecordConn)
	}
	c.rec.Reset(c.nc, nil)
	base := &tls.Config{GetConfigForClient: c.chooseTLS}
	c.tls = tls.Server(c.rec, base)
	c.rec.Hold()
	err = c.tls.Handshake()
	if e := c.rec.Flush(); err == nil {
		err = e
	}
	if err != nil {
		c.handshakeFailed(err)
		return false
	}
	c.rw = c.tls
	c.action = ""
	return true
}

// errNoServerCert refuses a handshake: no certificate, or
// ssl_reject_handshake.
var errNoServerCert = errors.New("no suitable certificate")

// chooseTLS picks the server by the name in the handshake.
func (c *Conn) chooseTLS(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	srv := c.addr.Default
	if name := strings.ToLower(hello.ServerName); name != "" && c.addr.Names != nil {
		if host, _, ok := h1.ValidateHost(nil, []byte(name)); ok {
			if s, _, _, ok := c.addr.Names.Lookup(host, nil); ok {
				srv = s
				c.sni = string(host)
			}
		}
	}
	c.tlsS = srv
	if srv.TLS == nil {
		return nil, errNoServerCert
	}
	if srv.TLS.GetConfigForClient != nil {
		return srv.TLS.GetConfigForClient(hello)
	}
	return srv.TLS, nil
}

func (c *Conn) handshakeFailed(err error) {
	switch {
	case err == nil || errors.Is(err, io.EOF) && c.tls == nil:
		c.logf(errlog.Info, nil, "client closed connection")
	case isTimeout(err):
		c.timedOut = true
		c.logf(errlog.Info, errTimedOut, "client timed out")
	case errors.Is(err, io.EOF):
		c.logf(errlog.Info, nil, "peer closed connection in SSL handshake")
	default:
		if e, ok := errlog.Errno(err); ok {
			c.logf(errlog.Info, e, "peer closed connection in SSL handshake")
			return
		}
		c.logf(errlog.Info, nil, "SSL_do_handshake() failed (SSL: %s)", err.Error())
	}
}

// checkTLS applies what the ssl module decided about the client's certificate.
func (r *Request) checkTLS() Result {
	if r.conn.tls == nil || r.srv.CheckTLS == nil {
		return OK
	}
	return r.srv.CheckTLS(r)
}

// TLSServer returns the server that SNI chose, nil without TLS.
func (c *Conn) TLSServer() *Server { return c.tlsS }

// ServerName returns the name in the handshake that chose the server.
func (c *Conn) ServerName() string { return c.sni }

// readProxy reads the PROXY protocol header a balancer puts in front.
func (c *Conn) readProxy() bool {
	c.action = "reading PROXY protocol"
	c.nc.SetReadTimeout(msec(c.addr.Default.Conf.headerTimeout))
	b := buf.Sized(proxyproto.MaxHeader)
	defer b.Free()
	n := 0
	h := new(proxyproto.Header)
	for {
		m, err := c.nc.Read(b.B[n : n+1])
		if m == 0 || err != nil {
			if err != nil && isTimeout(err) {
				c.timedOut = true
				c.logf(errlog.Info, errTimedOut, "client timed out")
			}
			return false
		}
		n += m
		if proxyproto.Incomplete(b.B[:n]) && n < len(b.B) {
			continue
		}
		break
	}
	if _, err := proxyproto.Read(b.B[:n], h); err != nil {
		c.logf(errlog.Error, nil, "%s", err.Error())
		return false
	}
	h.Source = append([]byte(nil), h.Source...)
	h.Destination = append([]byte(nil), h.Destination...)
	h.TLVs = append([]byte(nil), h.TLVs...)
	c.proxy = h
	c.action = ""
	return true
}
