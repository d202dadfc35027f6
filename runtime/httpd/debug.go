package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/route"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// Debug records are nginx's, in its words, as far as there is such a step here.
// The caller checks Debugging first: where no log takes debug records, they cost a
// test of one bit.

// setLog makes l the main request's log: that of the server or location it has
// come to.
func (r *Request) setLog(l *errlog.Logger) {
	if r.verbose {
		l = l.Verbose()
	}
	r.log, r.debug = l, l.Debug()
}

// setLog makes l the connection's log between requests: that of its last one, before
// the first that of the default server.
func (c *Conn) setLog(l *errlog.Logger) {
	if c.verbose {
		l = l.Verbose()
	}
	c.log, c.debug = l, l.Debug()
}

// debugging reports whether a log takes debug records of a part.
func (c *Conn) debugging(part errlog.DebugMask) bool {
	if c.r != nil {
		return c.r.debug&part != 0
	}
	return c.debug&part != 0
}

// debugf writes a debug record. Check debugging first.
func (c *Conn) debugf(format string, args ...any) {
	l := c.log
	if c.r != nil {
		l = c.r.log
	}
	l.Log(errlog.Debug, c.client.ID, nil, nil, format, args...)
}

// Debugging reports whether debug records about this connection are wanted:
// what to ask before Debugf.
func (c *Conn) Debugging() bool { return c.debugging(errlog.DebugEvent) }

// Debugf writes a debug record about the connection.
func (c *Conn) Debugf(format string, args ...any) { c.debugf(format, args...) }

// Debugging reports whether debug records about this request are wanted: what
// to ask before Debugf, whose arguments have a cost.
func (r *Request) Debugging() bool { return r.main.debug&errlog.DebugHTTP != 0 }

// Debugf writes a debug record about the request.
func (r *Request) Debugf(format string, args ...any) {
	r.main.log.Log(errlog.Debug, r.client.ID, nil, nil, format, args...)
}

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

// debugRequestLine notes the parts of a request line.
func (r *Request) debugRequestLine() {
	r.Debugf("http request line: \"%s\"", r.Line.Line)
	r.Debugf("http uri: \"%s\"", r.URI)
	r.Debugf("http args: \"%s\"", r.Args)
	r.Debugf("http exten: \"%s\"", r.Line.Ext)
}

// debugLocation notes how a location was found.
func (r *Request) debugLocation() {
	r.srv.Root.Tree.Trace(r.URI, func(l *route.Location[*Location]) {
		if l.Regex == nil {
			r.Debugf("test location: \"%s\"", l.Name)
		} else {
			r.Debugf("test location: ~ \"%s\"", l.Name)
		}
	})
	mark := ""
	switch {
	case r.loc.NoName:
		mark = "*"
	case r.loc.Exact:
		mark = "="
	}
	r.Debugf("using configuration \"%s%s\"", mark, r.loc.Name)
}

// debugFinalize notes a result.
func (r *Request) debugFinalize(rc Result) {
	if rc == Done {
		rc = OK // nginx's handlers do not tell these two apart
	}
	r.Debugf("http finalize request: %d, \"%s?%s\" a:1, c:1", int(rc), r.URI, r.Args)
}

// debugHeader notes the header that is about to be sent, without its last line
// break.
func (r *Request) debugHeader(head []byte) {
	r.Debugf("%s", head[:max(len(head)-2, 0)])
	r.Debugf("http write filter: l:0 f:0 s:%d", len(head))
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
