package front_test

import (
	"crypto/tls"
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
