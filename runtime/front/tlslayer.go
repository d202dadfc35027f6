package front

import (
	"crypto/sha256"
	"crypto/tls"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/netio"
)

// tlsLayer is the net.Conn under crypto/tls, with what the connection needs to
// know about its handshake. It is pooled; crypto/tls drops it with the
// connection.
type tlsLayer struct {
	netio.RecordConn

	c       *Conn
	session Session
	more    bool // crypto/tls may hold plain text that is unread
	dead    bool // nothing may be sent any more

	blocked  blocked // of OnBlocked
	socketFn func()  // socketBlocked, bound once

	alertNext bool // the record under way is an alert in the clear
	alertSeen byte // the alert the client sent in the clear, 0: none
}

var layers = sync.Pool{New: func() any {
	l := new(tlsLayer)
	l.socketFn = l.socketBlocked
	return l
}}

// start makes the layer ready for the handshake on c, whose Transport is a *netio.Conn: see ServeConn.
func (l *tlsLayer) start(c *Conn) {
	l.Reset(c.nc.(*netio.Conn), nil)
	l.c = c
	c.Client.TLS = &l.session
	c.nc.OnBlocked(l.socketFn)
}

// socketBlocked is called when a write of crypto/tls is about to wait. Its writes exclude
// each other.
func (l *tlsLayer) socketBlocked() {
	l.c.nc.OnBlocked(l.socketFn)
	l.blocked.wait()
}

// release gives the layer back; the socket stays c's.
func (l *tlsLayer) release() {
	l.Detach()
	*l = tlsLayer{RecordConn: l.RecordConn, socketFn: l.socketFn}
	layers.Put(l)
}

// The alerts sent by hand (RFC 8446, 6).
const alertUnrecognizedName = 112

// alert sends a fatal alert in place of the one crypto/tls would choose.
func (l *tlsLayer) alert(code byte) {
	_, _ = l.RecordConn.Write([]byte{21, 3, 3, 0, 2, 2, code})
	l.dead = true
}

// Read hands ciphertext to crypto/tls. A client that gives up may send its alert
// before it has keys to protect it with, where crypto/tls sees a broken record:
// the alert is kept for the log.
func (l *tlsLayer) Read(p []byte) (int, error) {
	n, err := l.RecordConn.Read(p)
	if !l.session.Ready {
		l.watch(p[:n])
	}
	return n, err
}

// watch looks for an alert that is not encrypted: those that are have more
// than two bytes.
func (l *tlsLayer) watch(p []byte) {
	switch {
	case len(p) == 5:
		l.alertNext = p[0] == 21 && p[3] == 0 && p[4] == 2
	case l.alertNext && len(p) == 2:
		l.alertSeen, l.alertNext = p[1], false
	}
}

// Write sends records of crypto/tls. During the handshake it waits no longer than the
// handshake may take.
func (l *tlsLayer) Write(p []byte) (int, error) {
	if l.dead {
		return len(p), nil
	}
	if !l.session.Ready {
		left, err := l.c.openingTime()
		if err != nil {
			return 0, err
		}
		l.c.nc.SetWriteTimeout(min(left, l.c.opening.SendTimeout))
	}
	n, err := l.RecordConn.Write(p)
	l.blocked.wrote()
	return n, err
}

// idle reports that neither crypto/tls nor the record layer holds bytes from the client.
func (l *tlsLayer) idle() bool { return !l.more && l.Idle() }

// noteSession returns cfg for this handshake alone, which keeps what SessionID
// needs.
func (l *tlsLayer) noteSession(cfg *tls.Config) *tls.Config {
	cfg = cfg.Clone()
	unwrap := cfg.UnwrapSession
	cfg.UnwrapSession = func(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
		ss, err := unwrap(ticket, cs)
		if ss != nil {
			sum := sha256.Sum256(ticket)
			l.session.SessionID = sum[:]
		}
		return ss, err
	}
	return cfg
}
