package http1

import (
	"crypto/tls"
	"errors"
	"io"
	"slices"
	"strings"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

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
	if c.addr.Default.Root.Core.TCPNoDelay() {
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
	c.layer.session.Conn = c.tls
	if err = c.tls.Handshake(); err != nil {
		c.handshakeFailed(err)
		return false
	}
	c.debugHandshake()
	c.layer.session.Ready = true
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

// errRejected ends a handshake by ssl_reject_handshake.
var errRejected = errors.New("handshake rejected")

// extensionECH is encrypted_client_hello (RFC 9849).
const extensionECH = 0xfe0d

// Choose implements Handshake: it picks the server by the name in the handshake.
func (l *tlsLayer) Choose(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	c := l.c
	l.session.Hello = httpd.Hello{
		ServerName: hello.ServerName, Ciphers: hello.CipherSuites, Curves: hello.SupportedCurves,
		SigAlgs: hello.SignatureSchemes, ECH: slices.Contains(hello.Extensions, extensionECH),
	}
	settings, err := c.serverByName(hello.ServerName)
	if err != nil {
		l.alert(alertUnrecognizedName)
		return nil, err
	}
	l.session.Settings, l.size = settings, settings.RecordSize
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
func (c *Conn) serverByName(name string) (*httpd.TLS, error) {
	srv := c.addr.Default
	if name != "" && c.addr.Names != nil {
		if host, _, ok := h1.ValidateHost(nil, []byte(strings.ToLower(name))); ok {
			if s, re, _, ok := c.addr.Names.Lookup(host, nil); ok {
				srv, c.sni.Name, c.sni.Regex = s, string(host), re
				c.setLog(s.Root.Log)
			}
		}
	}
	c.sni.Server = srv
	settings := srv.TLS
	if settings == nil {
		settings = c.addr.Default.TLS
	}
	if srv.TLS != nil && srv.TLS.Reject || settings == nil {
		return nil, errRejected
	}
	return settings, nil
}

// Logf implements Handshake.
func (l *tlsLayer) Logf(lv errlog.Level, err error, format string, args ...any) {
	l.c.logf(lv, err, format, args...)
}

// Evaluate implements Handshake.
func (l *tlsLayer) Evaluate(fn func(r *httpd.Request)) {
	r := l.c.newRequest()
	fn(r)
	r.Release()
}

// handshakeFailed logs why a handshake ended, in nginx's and OpenSSL's words.
func (c *Conn) handshakeFailed(err error) {
	var errno syscall.Errno
	broken := errors.As(err, &errno) && err.Error() == errno.Error() // not one of a certificate's file
	switch {
	case err == nil || errors.Is(err, io.EOF) && c.tls == nil:
		c.logf(errlog.Info, nil, "client closed connection")
	case httpd.IsTimeout(err):
		c.timedOut = true
		c.logf(errlog.Info, httpd.ErrTimedOut, "client timed out")
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
