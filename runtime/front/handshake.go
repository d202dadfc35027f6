package front

import (
	"crypto/tls"
	"errors"
	"io"
	"slices"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// handshake makes the TLS handshake of a new connection. Where the client speaks no TLS the
// connection is Plain, and its protocol answers. False: the connection is to be closed.
func (c *Conn) handshake() bool {
	c.Action("SSL handshaking")
	first, err := c.firstByte()
	if err != nil {
		c.handshakeFailed(err)
		return false
	}
	if c.Debugging(errlog.DebugHTTP) {
		c.Debugf("http check ssl handshake")
	}
	if first&0x80 == 0 && first != 0x16 { // neither SSL 2.0 nor a handshake record
		if c.Debugging(errlog.DebugHTTP) {
			c.Debugf("plain http")
		}
		c.plain = true
		return true
	}
	c.SetWaiting(false)
	if !c.ClearReusable() {
		return false
	}
	// As in nginx it may finish now, so that a burst of clients does not undo the
	// handshakes of one another; the last quarter of the places is for others.
	c.SetReusableIfScarce()
	if c.Debugging(errlog.DebugHTTP) {
		c.Debugf("https ssl handshake: 0x%02x", first)
	}
	if c.opening.NoDelay {
		_ = c.nc.SetNoDelay(true)
	}
	c.layer = layers.Get().(*tlsLayer)
	c.layer.start(c)
	c.ReadUntil(c.OpenUntil())
	if b, from, to := c.TakeInput(); b != nil {
		c.layer.Prepend(b, from, to)
	}
	c.tls = tls.Server(c.layer, c.opening.TLS)
	c.layer.session.Conn = c.tls
	if err = c.tls.Handshake(); err != nil {
		c.handshakeFailed(err)
		return false
	}
	cs := c.tls.ConnectionState()
	c.in.stats.TLS.succeeded(cs.DidResume)
	c.layer.session.Protocol = cs.NegotiatedProtocol
	if c.layer.session.settings.Load() == nil { // it was diverted, and has told the client all there is
		return false
	}
	c.debugHandshake()
	c.layer.session.Ready = true
	if c.layer.Idle() {
		// With TLS 1.3 nothing answers the client's last message: the session
		// ticket has gone out before it.
		c.nc.AckNow()
	}
	c.Action("")
	return true
}

// HandshakeConfig returns the tls.Config that the handshakes of an address begin with. It
// has Endpoint.ChooseTLS choose the server by the name that the client sends; keys are for
// clients that encrypt the name (RFC 9849).
func HandshakeConfig(keys []tls.EncryptedClientHelloKey) *tls.Config {
	return &tls.Config{GetConfigForClient: choose, EncryptedClientHelloKeys: keys}
}

// choose is the GetConfigForClient of a HandshakeConfig.
func choose(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	l, ok := hello.Conn.(*tlsLayer)
	if !ok {
		return nil, errNotOurs
	}
	return l.choose(hello)
}

var errNotOurs = errors.New("the handshake is on no connection of a client")

// Handshaking returns the client's connection that a callback of crypto/tls is about, nil
// if it is about none.
func Handshaking(hello *tls.ClientHelloInfo) *Conn {
	if l, ok := hello.Conn.(*tlsLayer); ok {
		return l.c
	}
	return nil
}

// firstByte waits for the first byte of a connection and leaves it unread.
func (c *Conn) firstByte() (byte, error) {
	if c.input != nil { // it came with the PROXY header
		return c.input.B[c.from], nil
	}
	left, err := c.openingTime()
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

// ErrRejected ends a handshake by ssl_reject_handshake.
var ErrRejected = errors.New("handshake rejected")

// extensionECH is encrypted_client_hello (RFC 9849).
const extensionECH = 0xfe0d

// choose has the server chosen by the name in the handshake, and returns its tls.Config.
func (l *tlsLayer) choose(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	c := l.c
	l.session.Hello = Hello{
		ServerName: hello.ServerName, Ciphers: hello.CipherSuites, Curves: hello.SupportedCurves,
		SigAlgs: hello.SignatureSchemes, ECH: slices.Contains(hello.Extensions, extensionECH),
	}
	if divert := c.opening.Divert; divert != nil {
		if cfg := divert(hello); cfg != nil {
			return cfg, nil
		}
	}
	settings, err := c.end.ChooseTLS(c, hello.ServerName)
	if err != nil {
		l.alert(alertUnrecognizedName)
		return nil, err
	}
	l.session.Use(settings)
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

// handshakeFailed logs why a handshake ended, in nginx's and OpenSSL's words.
func (c *Conn) handshakeFailed(err error) {
	if c.tls != nil {
		c.in.stats.TLS.failure(err, c.layer.alertSeen)
	}
	var errno syscall.Errno
	broken := errors.As(err, &errno) && err.Error() == errno.Error() // not one of a certificate's file
	switch {
	case err == nil || errors.Is(err, io.EOF) && c.tls == nil:
		c.Logf(errlog.Info, nil, "client closed connection")
	case timedOut(err):
		c.TimedOut = true
		c.Logf(errlog.Info, syscall.ETIMEDOUT, "client timed out")
	case broken:
		c.Logf(errlog.Info, errno, "peer closed connection in SSL handshake")
	case (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) && c.layer.alertSeen == 0:
		c.Logf(errlog.Info, nil, "peer closed connection in SSL handshake")
	case errors.Is(err, ErrRejected):
		c.Logf(errlog.Info, nil, "handshake rejected")
	default:
		c.Logf(errlog.Info, nil, "SSL_do_handshake() failed (SSL: %s)", tlsconf.HandshakeReason(err, c.layer.alertSeen))
	}
}
