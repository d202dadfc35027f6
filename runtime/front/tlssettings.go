package front

import (
	"crypto/tls"

	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
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

// WithProtocols returns the same settings, whose handshakes offer other protocols (ALPN, RFC 7301), those
// that the server prefers first.
func (t *TLS) WithProtocols(protocols []string) *TLS {
	c := *t
	c.Config = t.Config.Clone()
	c.Config.NextProtos = protocols
	if choose := t.Config.GetConfigForClient; choose != nil {
		c.Config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			cfg, err := choose(hello)
			if cfg != nil {
				cfg = cfg.Clone()
				cfg.NextProtos = protocols
			}
			return cfg, err
		}
	}
	return &c
}
