package front_test

import (
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/front"
)

// TestSilentMakeRoom: connections that wait for their PROXY header or their handshake are closed for others when
// worker_connections are used up, also those that came when there were many left.
func TestSilentMakeRoom(t *testing.T) {
	const limit = 8
	in, address, stats := toy(t, front.Opening{TLS: front.HandshakeConfig(nil)}, limit)
	t.Cleanup(in.Quit)
	for n := range int64(limit * 3 / 4) {
		dial(t, address)
		for stats.Connections() <= n {
			time.Sleep(time.Millisecond)
		}
	}
	for range limit {
		c := tls.Client(dial(t, address), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the certificate is the test's
		say(t, c, "hello", "HELLO")
	}
}

// halting is a connection whose first write stops after a byte, until it may go on.
type halting struct {
	net.Conn
	goOn chan bool
}

func (h *halting) Write(p []byte) (int, error) {
	if h.goOn != nil {
		if _, err := h.Conn.Write(p[:1]); err != nil {
			return 0, err
		}
		<-h.goOn
		h.goOn = nil
		n, err := h.Conn.Write(p[1:])
		return n + 1, err
	}
	return h.Conn.Write(p)
}

// TestBegunHandshakeStays: a handshake that has begun when there were many places is not ended for others.
func TestBegunHandshakeStays(t *testing.T) {
	const limit = 8
	in, address, stats := toy(t, front.Opening{TLS: front.HandshakeConfig(nil)}, limit)
	t.Cleanup(in.Quit)
	h := &halting{dial(t, address), make(chan bool, 1)}
	begun := tls.Client(h, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the certificate is the test's
	goOn := h.goOn
	ended := make(chan error)
	go func() { ended <- begun.Handshake() }()
	for stats.Connections() == 0 || stats.Waiting.Load() > 0 { // it waits until its first byte is there
		time.Sleep(time.Millisecond)
	}
	for range 2 * limit {
		silent := dial(t, address)
		_ = silent.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, _ = silent.Read(make([]byte, 1)) // where it is the oldest, it is closed
	}
	goOn <- true
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	say(t, begun, "hello", "HELLO")
}
