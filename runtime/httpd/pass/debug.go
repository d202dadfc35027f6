package pass

import "github.com/sluiceproxy/sluice/runtime/netio/tlsconf"

// debugConnected notes the connection to the peer and how it came about.
func (x *Exchange) debugConnected() {
	r, fd := x.R, x.conn.Net.Fd()
	if x.conn.Cached {
		r.Debugf("get keepalive peer: using connection fd:%d", fd)
		r.Debugf("http upstream connect: -4")
		return
	}
	r.Debugf("stream socket %d", fd)
	r.Debugf("connect to %s, fd:%d", x.name, fd)
	r.Debugf("http upstream connect: 0")
	if t := x.conn.TLS(); t != nil {
		cs := t.ConnectionState()
		r.Debugf(`upstream SSL server name: "%s"`, cs.ServerName)
		r.Debugf("SSL_do_handshake: 1")
		r.Debugf(`SSL: %s, cipher: "%s"`, tlsconf.ProtocolName(cs.Version), tlsconf.CipherName(cs.CipherSuite))
		if cs.DidResume {
			r.Debugf("SSL reused session")
		}
	}
}

// debugStatus notes the peer's response.
func (x *Exchange) debugStatus() {
	x.R.Debugf(`http proxy status %d "%s"`, x.Response.Status, x.Response.Line)
	for i := range x.Response.Fields {
		f := &x.Response.Fields[i]
		x.R.Debugf(`http proxy header: "%s: %s"`, f.Name, f.Value)
	}
	x.R.Debugf("http proxy header done")
}

// debugDone notes the end of the exchange and what becomes of the connection.
func (x *Exchange) debugDone() {
	if x.conn == nil && x.choice.Peer == nil {
		return
	}
	x.R.Debugf("finalize http upstream request: %d", x.Response.Status)
	if x.conn == nil {
		return
	}
	if x.keeps() {
		x.R.Debugf("free keepalive peer: saving connection fd:%d", x.conn.Net.Fd())
	} else {
		x.R.Debugf("close http upstream connection: %d", x.conn.Net.Fd())
	}
}

// debugHead logs the head of a request.
func (x *Exchange) debugHead(head []byte) {
	if c, ok := x.codec.(liner); ok {
		if lines := c.Lines(head); lines != nil {
			for _, line := range lines {
				x.R.Debugf("http proxy header: %q", line)
			}
			return
		}
	}
	x.R.Debugf("http proxy header:\n\"%s\"", head)
}
