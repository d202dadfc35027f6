package front

import (
	"crypto/tls"
	"sync"
	"sync/atomic"

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

// Session is the outcome of a TLS handshake. Once that is over, any goroutine may call its
// methods.
type Session struct {
	// Hello is what the client said.
	Hello Hello

	Conn      *tls.Conn
	SessionID []byte // of a resumed session, where TLS.SessionIDs is set
	Protocol  string // that the handshake agreed on (ALPN), "" for none
	Ready     bool   // the handshake is over

	settings atomic.Pointer[TLS] // those of the server that the handshake was for

	mu      sync.Mutex           // for the next three, which keep what was found
	state   *tls.ConnectionState // asked for once
	verdict tlsconf.VerifyCode
	judged  bool
}

// Use makes t the settings of the server that the handshake was for.
func (s *Session) Use(t *TLS) { s.settings.Store(t) }

// Copy returns a Session with the same answers that does not need the connection.
func (s *Session) Copy() *Session {
	c := &Session{
		Hello: s.Hello, SessionID: s.SessionID, Protocol: s.Protocol, state: s.State(), Ready: s.Ready,
		verdict: s.ClientVerdict(), judged: true,
	}
	c.Use(s.settings.Load())
	return c
}

// State returns what the handshake agreed on, nil before it is over. It is shared: do
// not change it.
func (s *Session) State() *tls.ConnectionState {
	if s == nil || !s.Ready {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
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
	if s == nil || !s.Ready {
		return tlsconf.VerifyOK
	}
	settings, state := s.settings.Load(), s.State()
	if settings == nil || settings.Judge == nil {
		return tlsconf.VerifyOK
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.judged {
		s.verdict, s.judged = settings.Judge(state), true
	}
	return s.verdict
}
