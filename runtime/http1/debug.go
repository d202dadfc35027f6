package http1

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// setLog makes l the connection's log between requests: that of its last one, before
// the first that of the default server.
func (c *Conn) setLog(l *errlog.Logger) {
	if c.verbose {
		l = l.Verbose()
	}
	c.log, c.debug = l, l.Debug()
}

// debugging reports whether debug records of a part are wanted.
func (c *Conn) debugging(part errlog.DebugMask) bool {
	if c.r != nil {
		return c.r.Log().Debug()&part != 0
	}
	return c.debug&part != 0
}

// debugf writes a debug record. Ask debugging first.
func (c *Conn) debugf(format string, args ...any) {
	l := c.log
	if c.r != nil {
		l = c.r.Log()
	}
	l.Log(errlog.Debug, c.client.ID, nil, nil, format, args...)
}

// Debugging reports whether debug records about this connection are wanted:
// what to ask before Debugf.
func (c *Conn) Debugging() bool { return c.debugging(errlog.DebugEvent) }

// Debugf writes a debug record about the connection.
func (c *Conn) Debugf(format string, args ...any) { c.debugf(format, args...) }

// debugAccept notes a connection.
func (c *Conn) debugAccept() {
	if c.debugging(errlog.DebugEvent) {
		c.debugf("accept: %s fd:%d", c.client.Peer.String(), c.nc.Fd())
	}
}

// debugHandshake notes what a TLS handshake agreed on.
func (c *Conn) debugHandshake() {
	if !c.debugging(errlog.DebugEvent) {
		return
	}
	cs := c.tls.ConnectionState()
	name := cs.ServerName
	if name == "" {
		c.debugf("SSL server name: null")
	} else {
		c.debugf("SSL server name: \"%s\"", name)
	}
	if cs.NegotiatedProtocol != "" {
		c.debugf("SSL ALPN selected: %s", cs.NegotiatedProtocol)
	}
	c.debugf("SSL_do_handshake: 1")
	c.debugf("SSL: %s, cipher: \"%s\"", tlsconf.ProtocolName(cs.Version), tlsconf.CipherName(cs.CipherSuite))
	if cs.DidResume {
		c.debugf("SSL reused session")
	}
}

// debugOut notes a write to the client.
func (c *Conn) debugOut(n int, err error) {
	switch {
	case err != nil:
		c.debugf("writev() failed: %s", err)
	case c.tls != nil:
		c.debugf("SSL_write: %d", n)
	default:
		c.debugf("writev: %d of %d", n, n)
	}
}
