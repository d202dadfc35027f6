package limits

import (
	"crypto/tls"
	"net"
	"testing"
	"time"
)

// TestHandshakeIsAcknowledged: a client that does not send a second small segment before the first is acknowledged (Nagle's
// algorithm, which most programs leave on) gets its first answer without a wait behind a handshake.
func TestHandshakeIsAcknowledged(t *testing.T) {
	t.Parallel()
	// Linux holds an acknowledgement back for 40 ms. The quickest of a few tries counts.
	const (
		tries = 40
		most  = 30 * time.Millisecond
	)
	set := setup{text: `
-- http.conf --
server {
    listen %%ADDR%%;
    listen %%ADDR_2%% ssl;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate certs/localhost.pem;
    ssl_certificate_key certs/localhost.key;
    location / { return 200 "answer"; }
}
`}
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, binary := range []string{oracle(), tested()} {
				s := start(t, binary, set)
				best := patience
				for try := 0; try < tries && best > most; try++ {
					c := s.dialTo(2)
					if raw, ok := c.conn.(*net.TCPConn); ok {
						must(t, raw.SetNoDelay(false))
					}
					d := tls.Client(c.conn, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
					must(t, d.HandshakeContext(t.Context()))
					begun := time.Now()
					c.conn = d
					c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
					if got := c.receiveUntil("answer", patience); got.at("answer") < 0 {
						t.Fatalf("%s: %q", s, got.text())
					}
					best = min(best, time.Since(begun))
					must(t, d.Close())
				}
				if best > most {
					t.Errorf("%s: the first answer took %v at best", s, best)
				}
			}
		})
	}
}
