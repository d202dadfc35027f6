package front

import (
	"errors"
	"strings"
	"sync/atomic"
)

// TLSStats counts the handshakes of clients.
type TLSStats struct {
	handshakes, failed, reuses, noProtocol, noCipher, timedOut, rejected atomic.Int64
}

// TLSCounts are the counts of a moment.
type TLSCounts struct {
	Handshakes, Failed, Reuses int64
	// Of the failed ones: without a common protocol, without a common cipher, out of
	// time, and those whose client has sent an alert about the certificate.
	NoProtocol, NoCipher, TimedOut, Rejected int64
}

// Counts returns the counts.
func (s *TLSStats) Counts() TLSCounts {
	return TLSCounts{
		s.handshakes.Load(), s.failed.Load(), s.reuses.Load(), s.noProtocol.Load(), s.noCipher.Load(), s.timedOut.Load(),
		s.rejected.Load(),
	}
}

// Since returns the counts without those of before.
func (n TLSCounts) Since(o *TLSCounts) TLSCounts {
	return TLSCounts{
		n.Handshakes - o.Handshakes, n.Failed - o.Failed, n.Reuses - o.Reuses, n.NoProtocol - o.NoProtocol,
		n.NoCipher - o.NoCipher, n.TimedOut - o.TimedOut, n.Rejected - o.Rejected,
	}
}

// succeeded counts a complete handshake.
func (s *TLSStats) succeeded(resumed bool) {
	s.handshakes.Add(1)
	if resumed {
		s.reuses.Add(1)
	}
}

// The alerts by which a client refuses a certificate (RFC 8446, 6.2).
const (
	alertBadCertificate = 42
	alertUnknownCA      = 48
)

// failure counts a handshake that has failed; alert is what the client has sent, 0 for
// nothing. crypto/tls tells only by their texts what there was in common.
func (s *TLSStats) failure(err error, alert uint8) {
	s.failed.Add(1)
	text := ""
	if err != nil {
		text = err.Error()
	}
	switch {
	case timedOut(err):
		s.timedOut.Add(1)
	case alert >= alertBadCertificate && alert <= alertUnknownCA:
		s.rejected.Add(1)
	case errors.Is(err, errNotOurs):
	case strings.Contains(text, "unsupported versions"):
		s.noProtocol.Add(1)
	case strings.Contains(text, "no cipher suite"):
		s.noCipher.Add(1)
	}
}
