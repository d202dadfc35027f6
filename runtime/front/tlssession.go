package front

import (
	"crypto/tls"

	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

// Hello is what a client said in its handshake. The slices are crypto/tls's.
type Hello struct {
	ServerName string
	Ciphers    []uint16
	Curves     []tls.CurveID
	SigAlgs    []tls.SignatureScheme
	ECH        bool // Encrypted Client Hello was offered, also without a key of the server (GREASE)
}

// Session is the outcome of a TLS handshake. Its methods keep what they have found: they
// are called by one goroutine at a time.
type Session struct {
	// Hello is what the client said.
	Hello Hello

	Conn      *tls.Conn
	Settings  *TLS                 // those of the server that the handshake was for
	SessionID []byte               // of a resumed session, where TLS.SessionIDs is set
	state     *tls.ConnectionState // asked for once
	verdict   tlsconf.VerifyCode
	judged    bool
	Ready     bool // the handshake is over
}

// Copy returns a Session with the same answers that does not need the connection.
func (s *Session) Copy() *Session {
	return &Session{
		Hello: s.Hello, Settings: s.Settings, SessionID: s.SessionID, state: s.State(), Ready: s.Ready,
		verdict: s.ClientVerdict(), judged: true,
	}
}

// State returns what the handshake agreed on, nil before it is over. It is shared: do
// not change it.
func (s *Session) State() *tls.ConnectionState {
	if s == nil || !s.Ready {
		return nil
	}
	if s.state == nil {
		cs := s.Conn.ConnectionState()
		s.state = &cs
	}
	return s.state
}

// ID returns what identifies the session the client resumed, nil in a new one. See
// [TLS.SessionIDs].
func (s *Session) ID() []byte {
	if cs := s.State(); cs == nil || !cs.DidResume {
		return nil
	}
	return s.SessionID
}

// ClientVerdict returns OpenSSL's verdict on the client's certificate, as the server
// the handshake was for judges it. It is VerifyOK where none was asked for or none was
// sent.
func (s *Session) ClientVerdict() tlsconf.VerifyCode {
	if s == nil || !s.Ready || s.Settings == nil || s.Settings.Judge == nil {
		return tlsconf.VerifyOK
	}
	if !s.judged {
		s.verdict, s.judged = s.Settings.Judge(s.State()), true
	}
	return s.verdict
}
