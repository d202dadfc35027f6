package httpd

import (
	"crypto/tls"
	"errors"
	"io"
	"slices"
	"strings"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// TLS is what the ssl module made of a server's directives.
type TLS struct {
	// Config is what handshakes for the server use; with Reject it may be empty.
	Config *tls.Config
	// Reject refuses handshakes (ssl_reject_handshake).
	Reject bool
	// RecordSize is ssl_buffer_size: how much plain text is gathered for one
	// record, at most 16 KB.
	RecordSize int
	// Terms stands for what a handshake for the server is bound to, but for the
	// certificates: a connection goes on after a reload where it has not changed.
	Terms [32]byte
	// SessionIDs says that SessionID is going to be asked for.
	SessionIDs bool
	// Judge returns OpenSSL's verdict on the client's certificate; nil where
	// none is asked for. It is called once in a connection.
	Judge func(cs *tls.ConnectionState) tlsconf.VerifyCode
}

// handshake puts TLS on a fresh connection. False ends it.
func (c *Conn) handshake() bool {
	c.action = "SSL handshaking"
	first, err := c.firstByte()
	if err != nil {
		c.handshakeFailed(err)
		return false
	}
	if c.debugging(errlog.DebugHTTP) {
		c.debugf("http check ssl handshake")
	}
	if first&0x80 == 0 && first != 0x16 {
		if c.debugging(errlog.DebugHTTP) {
			c.debugf("plain http")
		}
		c.plainHTTP = true
		return true
	}
	c.setWaiting(false)
	if c.debugging(errlog.DebugHTTP) {
		c.debugf("https ssl handshake: 0x%02x", first)
	}
	if c.addr.Default.Root.Core.tcpNodelay {
		_ = c.nc.SetNoDelay(true)
	}
	c.layer = layers.Get().(*tlsLayer)
	c.layer.start(c)
	c.readBy(c.firstUntil())
	if c.in != nil {
		c.layer.Prime(c.in, c.inPos, c.inEnd)
		c.in, c.inPos, c.inEnd = nil, 0, 0
	}
	c.tls = tls.Server(c.layer, c.addr.TLS)
	c.layer.session.conn = c.tls
	if err = c.tls.Handshake(); err != nil {
		c.handshakeFailed(err)
		return false
	}
	c.debugHandshake()
	c.layer.session.ready = true
	if c.layer.Idle() {
		// With TLS 1.3 nothing answers the client's last message: the session
		// ticket has gone out before it.
		c.nc.AckNow()
	}
	c.rw = (*plainText)(c.layer)
	c.action = ""
	return true
}

// firstByte waits for the first byte of a connection and leaves it unread.
func (c *Conn) firstByte() (byte, error) {
	if c.inPos < c.inEnd { // it came with the PROXY header
		return c.in.B[c.inPos], nil
	}
	left, err := c.opensFor()
	if err != nil {
		return 0, err
	}
	c.nc.SetReadTimeout(left)
	var first [1]byte
	n, err := c.nc.Peek(first[:])
	if n == 0 && err == nil {
		err = io.EOF
	}
	return first[0], err
}

// errors that end a handshake.
var (
	errNoServerCert = errors.New("no certificate is set for the server")
	errRejected     = errors.New("handshake rejected")
)

// extensionECH is encrypted_client_hello (RFC 9849).
const extensionECH = 0xfe0d

// chooseTLS picks the server by the name in the handshake: the
// tls.Config.GetConfigForClient of every address.
func chooseTLS(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	l, ok := hello.Conn.(*tlsLayer)
	if !ok {
		return nil, errNoServerCert
	}
	c := l.c
	l.session.Hello = Hello{
		hello.ServerName, hello.CipherSuites, hello.SupportedCurves, hello.SignatureSchemes,
		slices.Contains(hello.Extensions, extensionECH),
	}
	settings, err := c.serverByName(hello.ServerName)
	if err != nil {
		l.alert(alertUnrecognizedName)
		return nil, err
	}
	l.session.settings, l.size = settings, settings.RecordSize
	cfg := settings.Config
	if cfg.GetConfigForClient != nil {
		if cfg, err = cfg.GetConfigForClient(hello); err != nil {
			return nil, err
		}
	}
	if settings.SessionIDs && cfg.UnwrapSession != nil {
		return l.noteSession(cfg), nil
	}
	return cfg, nil
}

// serverByName makes the server that a handshake's name is for the connection's
// and returns its settings, or those of the default server.
func (c *Conn) serverByName(name string) (*TLS, error) {
	srv := c.addr.Default
	if name != "" && c.addr.Names != nil {
		if host, _, ok := h1.ValidateHost(nil, []byte(strings.ToLower(name))); ok {
			if s, re, _, ok := c.addr.Names.Lookup(host, nil); ok {
				srv, c.sni.name, c.sni.regex = s, string(host), re
				c.setLog(s.Root.Log)
			}
		}
	}
	c.sni.server = srv
	settings := srv.TLS
	if settings == nil {
		settings = c.addr.Default.TLS
	}
	if srv.TLS != nil && srv.TLS.Reject || settings == nil {
		return nil, errRejected
	}
	return settings, nil
}

// TLSObjects returns what the configuration's certificates, keys and
// revocation lists are loaded through.
func (b *Builder) TLSObjects() *tlsconf.Objects {
	o, _ := b.Shared(tlsObjects{}, func() any { return &tlsconf.Objects{Read: b.Loader.Inputs.ReadFile} }).(*tlsconf.Objects)
	return o
}

type tlsObjects struct{}

// HandshakeConn returns the connection a handshake callback of crypto/tls is
// about, nil if it is none of this package's.
func HandshakeConn(hello *tls.ClientHelloInfo) *Conn {
	if l, ok := hello.Conn.(*tlsLayer); ok {
		return l.c
	}
	return nil
}

// Logf writes to the error log with the connection's context: what is no
// request's.
func (c *Conn) Logf(lv errlog.Level, err error, format string, args ...any) {
	c.logf(lv, err, format, args...)
}

// Evaluate runs fn with a request that stands for the connection before there
// is one, so that values with variables can be computed in a handshake.
func (c *Conn) Evaluate(fn func(r *Request)) {
	r := c.newRequest()
	fn(r)
	r.release()
}

// handshakeFailed logs why a handshake ended, in nginx's and OpenSSL's words.
func (c *Conn) handshakeFailed(err error) {
	var errno syscall.Errno
	broken := errors.As(err, &errno) && err.Error() == errno.Error() // not one of a certificate's file
	switch {
	case err == nil || errors.Is(err, io.EOF) && c.tls == nil:
		c.logf(errlog.Info, nil, "client closed connection")
	case isTimeout(err):
		c.timedOut = true
		c.logf(errlog.Info, errTimedOut, "client timed out")
	case broken:
		c.logf(errlog.Info, errno, "peer closed connection in SSL handshake")
	case (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) && c.layer.alertSeen == 0:
		c.logf(errlog.Info, nil, "peer closed connection in SSL handshake")
	case errors.Is(err, errRejected):
		c.logf(errlog.Info, nil, "handshake rejected")
	default:
		c.logf(errlog.Info, nil, "SSL_do_handshake() failed (SSL: %s)", tlsconf.HandshakeReason(err, c.layer.alertSeen))
	}
}

// checkTLS applies what the ssl module decided about the client's certificate.
func (r *Request) checkTLS() Result {
	if r.plainHTTP {
		r.Logf(errlog.Info, nil, "client sent plain HTTP request to HTTPS port")
		return StatusToHTTPS
	}
	if r.client.TLS == nil || r.srv.CheckTLS == nil {
		return OK
	}
	return r.srv.CheckTLS(r)
}

// TLSServer returns the server that SNI chose, nil without TLS.
func (c *Conn) TLSServer() *Server { return c.sni.server }

// ServerName returns the name in the handshake that chose the server.
func (c *Conn) ServerName() string { return c.sni.name }
