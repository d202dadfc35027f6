package pass

import (
	"crypto/tls"
	"strconv"
	"testing"
)

// TestSessionsAreBounded: sessions with peers whose names clients choose do not
// grow without end, and a new one is always kept.
func TestSessionsAreBounded(t *testing.T) {
	s := &TLS{}
	for i := range 3 * maxSessions {
		one := peerSessions{s, strconv.Itoa(i)}
		one.Put("", new(tls.ClientSessionState))
		if _, ok := one.Get(""); !ok {
			t.Fatal("the newest was not kept")
		}
	}
	if n := len(s.sessions); n != maxSessions {
		t.Errorf("%d sessions", n)
	}
	peerSessions{s, "0"}.Put("", nil)
	if n := len(s.sessions); n > maxSessions {
		t.Errorf("%d sessions", n)
	}
}
