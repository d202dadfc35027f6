package http1_test

import (
	"io"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestShortTimeouts: a wait for a request ends in time, also one that is not a
// whole number of seconds. A busy machine has several tries.
func TestShortTimeouts(t *testing.T) {
	const request = "GET /missing HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, tc := range []struct{ name, conf, send string }{
		{"silent client", "client_header_timeout 200ms;", ""},
		{"between requests", "keepalive_timeout 200ms;", request},
		{"between requests, parked", "keepalive_timeout 510ms;", request},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.New(t, tc.conf+" server { }")
			const tries, bound = 20, 800 * time.Millisecond
			for try := range tries {
				c := s.Dial()
				from := time.Now()
				_, err := io.WriteString(c, tc.send)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, c); err != nil {
					t.Fatal(err)
				}
				_ = c.Close()
				took := time.Since(from)
				if took < bound {
					return
				}
				t.Logf("try %d: %v", try, took)
			}
			t.Errorf("no wait ended within %v", bound)
		})
	}
}
