package tlsconf

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"slices"
	"time"
)

// SessionContext keeps sessions of one server from being resumed at another
// that would not have accepted them: only servers with an equal context do.
type SessionContext [sha256.Size]byte

// NewSessionContext derives the context from what nginx does: the protocol
// ("HTTP", "STREAM", "MAIL"), the server's certificates (or, when those have
// variables, their names) and the client authorities it names.
func NewSessionContext(protocol string, certs []tls.Certificate, names []string, clientCAs []*x509.Certificate) SessionContext {
	h := sha256.New()
	field := func(b []byte) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(b)))
		h.Write(size[:])
		h.Write(b)
	}
	field([]byte(protocol))
	for _, c := range certs {
		field(c.Certificate[0])
	}
	for _, name := range names {
		field([]byte(name))
	}
	for _, subject := range Subjects(clientCAs) {
		field(subject)
	}
	return SessionContext(h.Sum(nil))
}

// Sessions is how a server resumes TLS sessions. With tickets on, sessions
// travel encrypted in the ticket, as in nginx. With tickets off and a Cache,
// the ticket is only a number under which the cache keeps the session; a
// TLS 1.3 client of nginx sees the same. One of TLS 1.2 gets no ticket then, as
// it gets none of nginx; and since crypto/tls has no session identifiers, it
// always makes a full handshake. Without either, nothing is resumed.
type Sessions struct {
	Context SessionContext
	// Timeout is ssl_session_timeout: how long a session can be resumed.
	Timeout time.Duration
	// Tickets is ssl_session_tickets; Keys seals them.
	Tickets bool
	Keys    *TicketKeys
	// Cache is the cache of ssl_session_cache, or nil.
	Cache *SessionCache
	// Now tells the time; nil is time.Now.
	Now func() time.Time
}

// Apply makes cfg resume sessions as s says. It keeps s, which must not change
// any more.
func (s *Sessions) Apply(cfg *tls.Config) {
	switch {
	case s.Tickets && s.Keys != nil:
		cfg.WrapSession, cfg.UnwrapSession = s.wrapTicket, s.unwrapTicket
	case !s.Tickets && s.Cache != nil:
		cfg.WrapSession, cfg.UnwrapSession = s.wrapID, s.unwrapID
		ticketsFrom13(cfg)
	default:
		cfg.SessionTicketsDisabled = true
	}
}

// ticketsFrom13 makes cfg send tickets only to clients that speak TLS 1.3.
func ticketsFrom13(cfg *tls.Config) {
	choose := cfg.GetConfigForClient
	cfg.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		chosen := cfg
		if choose != nil {
			c, err := choose(hello)
			if err != nil {
				return nil, err
			}
			chosen = c
		}
		newest := chosen.MaxVersion == 0 || chosen.MaxVersion >= tls.VersionTLS13
		if newest && slices.Contains(hello.SupportedVersions, tls.VersionTLS13) {
			return chosen, nil
		}
		old := chosen.Clone()
		old.SessionTicketsDisabled, old.GetConfigForClient = true, nil
		return old, nil
	}
}

// now is the time sessions are judged at.
func (s *Sessions) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// stampLabel begins the bytes this package adds to a session's state: the label,
// the context and the second it was made.
const stampLabel = "sluice session\x00"

// stamp adds the context and the time to a session.
func (s *Sessions) stamp(ss *tls.SessionState, now time.Time) {
	b := make([]byte, 0, len(stampLabel)+len(s.Context)+8)
	b = append(append(b, stampLabel...), s.Context[:]...)
	ss.Extra = append(ss.Extra, binary.BigEndian.AppendUint64(b, uint64(now.Unix())))
}

// valid reports whether a session was made here and not too long ago.
func (s *Sessions) valid(ss *tls.SessionState, now time.Time) bool {
	for _, b := range ss.Extra {
		b, ok := bytes.CutPrefix(b, []byte(stampLabel))
		if !ok || len(b) != len(s.Context)+8 {
			continue
		}
		made := time.Unix(int64(binary.BigEndian.Uint64(b[len(s.Context):])), 0)
		return bytes.Equal(b[:len(s.Context)], s.Context[:]) && now.Before(made.Add(s.Timeout))
	}
	return false
}

// wrapTicket is tls.Config.WrapSession with tickets on.
func (s *Sessions) wrapTicket(cs tls.ConnectionState, ss *tls.SessionState) ([]byte, error) {
	now := s.now()
	s.stamp(ss, now)
	return s.Keys.encrypt(cs, ss, now)
}

// unwrapTicket is tls.Config.UnwrapSession with tickets on.
func (s *Sessions) unwrapTicket(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
	ss, err := s.Keys.decrypt(ticket, cs)
	if err != nil || ss == nil || !s.valid(ss, s.now()) {
		return nil, err
	}
	return ss, nil
}

// wrapID is tls.Config.WrapSession with tickets off and a cache.
func (s *Sessions) wrapID(_ tls.ConnectionState, ss *tls.SessionState) ([]byte, error) {
	now := s.now()
	s.stamp(ss, now)
	state, err := ss.Bytes()
	if err != nil {
		return nil, err
	}
	id := sessionID(randomKey())
	s.Cache.store(id, state, now, now.Add(s.Timeout))
	return id[:], nil
}

// unwrapID is tls.Config.UnwrapSession with tickets off and a cache.
func (s *Sessions) unwrapID(id []byte, _ tls.ConnectionState) (*tls.SessionState, error) {
	if len(id) != len(sessionID{}) {
		return nil, nil
	}
	now := s.now()
	state := s.Cache.lookup(sessionID(id), now)
	if state == nil {
		return nil, nil
	}
	ss, err := tls.ParseSessionState(state)
	if err != nil || !s.valid(ss, now) {
		return nil, err
	}
	return ss, nil
}
