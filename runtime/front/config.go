package front

import (
	"crypto/tls"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Config is a loaded configuration, as front has to know it: where it listens, and how
// long it is in use. Any goroutine may call its methods.
type Config interface {
	// Sockets returns the sockets to listen on.
	Sockets() []netaddr.ListenSpec
	// Endpoint returns what connections meet that come in on the socket of that key, nil
	// where the configuration does not have it.
	Endpoint(key string, s Socket) Endpoint

	// Begin makes the caller the first user. Hold adds one, unless the last one has gone;
	// Release is called once for Begin and for every Hold that returned true.
	Begin()
	Hold() bool
	Release()
	// Retire is called when another configuration has become current, Close when the
	// server ends.
	Retire()
	Close()
}

// Endpoint is a listening address in a configuration, with the protocol that is spoken
// there. Connections share it: any goroutine may call its methods.
type Endpoint interface {
	// Opening returns what a connection begins with.
	Opening() *Opening
	// ChooseTLS returns the settings of a handshake with the server that the client has
	// named, "" where it has named none. It may set Chosen and the log of c. It is called
	// on the goroutine of c, and again when the configuration has changed.
	ChooseTLS(c *Conn, name string) (*TLS, error)
	// Server returns what serves a connection that is open, until it is closed or parked, on the
	// goroutine of c. A parked connection goes on with the function that was given to Park.
	Server(c *Conn) func(c *Conn)
}

// Divert returns the settings of a handshake that is for no server, nil for any other. The connection is
// closed when it is made.
type Divert func(hello *tls.ClientHelloInfo) *tls.Config

// Opening is what a connection needs before its protocol serves it.
type Opening struct {
	ProxyProtocol bool          // a PROXY header comes first
	TLS           *tls.Config   // then a handshake, of HandshakeConfig; nil: none
	Divert        Divert        // takes handshakes away from the servers; nil: none
	NoDelay       bool          // TCP_NODELAY is set before the handshake
	Timeout       time.Duration // from the accept to the end of both, and of what the protocol reads first
	SendTimeout   time.Duration // between two successful writes
	Log           *errlog.Logger
	ResetTimedout bool // reset_timedout_connection
}
