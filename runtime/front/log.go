package front

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// SetLog makes l the connection's log: that of its last request, before the first that of
// the default server.
func (c *Conn) SetLog(l *errlog.Logger) {
	if c.verbose {
		l = l.Verbose()
	}
	c.log, c.debug = l, l.Debug()
}

// KeepLog is SetLog for the log of a request, which is verbose already where debug_connection
// names the client.
func (c *Conn) KeepLog(l *errlog.Logger) { c.log, c.debug = l, l.Debug() }

// Log returns the connection's log.
func (c *Conn) Log() *errlog.Logger { return c.log }

// Verbose reports whether debug_connection names the client.
func (c *Conn) Verbose() bool { return c.verbose }

// Action sets what the error log says is being done: "reading PROXY protocol".
func (c *Conn) Action(text string) { c.action = text }

// Logf logs with the connection's context. An evicted connection logs nothing.
func (c *Conn) Logf(lv errlog.Level, err error, format string, args ...any) {
	if c.log.Enabled(lv) && !c.evicted.Load() {
		c.log.Log(lv, c.Client.ID, err, c, format, args...)
	}
}

// LogFields implements errlog.Context for what happens while there is no request.
func (c *Conn) LogFields(f *errlog.Fields) {
	f.Action(c.action)
	f.Add("client", c.Client.Host)
	server := c.nc.Local() // of a connection of ServeConn
	if c.ls != nil && len(c.ls.lns) > 0 {
		server = c.ls.lns[0].Addr()
	}
	f.AddText("server", server.AppendText)
}

// Debugging reports whether debug records of a part are wanted.
func (c *Conn) Debugging(part errlog.DebugMask) bool { return c.debug&part != 0 }

// Debugf writes a debug record. Ask Debugging first.
func (c *Conn) Debugf(format string, args ...any) {
	c.log.Log(errlog.Debug, c.Client.ID, nil, nil, format, args...)
}

// debugHandshake writes debug records of what a TLS handshake agreed on.
func (c *Conn) debugHandshake() {
	if !c.Debugging(errlog.DebugEvent) {
		return
	}
	cs := c.tls.ConnectionState()
	name := cs.ServerName
	if name == "" {
		c.Debugf("SSL server name: null")
	} else {
		c.Debugf("SSL server name: \"%s\"", name)
	}
	if cs.NegotiatedProtocol != "" {
		c.Debugf("SSL ALPN selected: %s", cs.NegotiatedProtocol)
	}
	c.Debugf("SSL_do_handshake: 1")
	c.Debugf("SSL: %s, cipher: \"%s\"", tlsconf.ProtocolName(cs.Version), tlsconf.CipherName(cs.CipherSuite))
	if cs.DidResume {
		c.Debugf("SSL reused session")
	}
}
