//go:build !race

// The race detector needs several times the memory of the program for what it watches, and never gives it back: there is
// nothing to be compared with nginx, or with a time before.

package limits

import (
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// TestFastCGIFaults: what an application does wrong has an end, costs no memory, and is seen by the client for what it is:
// an error before the header, a response that breaks off behind it.
func TestFastCGIFaults(t *testing.T) {
	t.Parallel()
	const (
		soon   = 15 * time.Second // fastcgi_read_timeout is a second for an application that has no end
		little = 8 * mb
		header = "Content-Type: text/plain\r\n\r\n"
		flood  = 20 * mb
	)
	block := strings.Repeat("e", 32<<10-8)
	floods := func(a *appConn, kind byte) bool {
		for range int(flood) / len(block) {
			if !a.record(kind, block) {
				return false
			}
		}
		return true
	}
	whole := func(a *appConn, text string) { a.say("%s", harness.FastCGIAnswer(text)) }
	for _, tc := range []struct {
		name   string
		answer func(a *appConn)
		status int
		whole  bool // the client gets all of the response
		ends   bool // by itself, whatever time that takes; else the time-out is its end
	}{
		{"stderr flood before the header", func(a *appConn) { _ = floods(a, stderr); whole(a, header+"x") }, 200, true, true},
		{"stderr flood in the body", func(a *appConn) { a.record(stdout, header); _ = floods(a, stderr); whole(a, "x") }, 200, true, true},
		{"stderr without end, slowly", func(a *appConn) {
			for a.record(stderr, "again") {
				a.pause(100 * time.Millisecond)
			}
		}, 504, true, false},
		{"stderr without end", func(a *appConn) {
			for a.record(stderr, block) {
			}
		}, 504, true, false},
		{"header without end", func(a *appConn) {
			for a.record(stdout, "X-A: a\r\n") {
			}
		}, 502, true, true},
		{"line without end", func(a *appConn) { a.record(stdout, "X-A: "); _ = floods(a, stdout) }, 502, true, true},
		{"line without end, byte by byte", func(a *appConn) {
			for a.record(stdout, "x") {
			}
		}, 502, true, true},
		{"header that stops", func(a *appConn) { a.record(stdout, "X-A: a\r\n"); a.stay() }, 504, true, false},
		{"head of a record that stops", func(a *appConn) { a.say("\x01\x06\x00"); a.stay() }, 504, true, false},
		{"body that stops", func(a *appConn) { a.record(stdout, header+"x"); a.stay() }, 200, false, false},
		{"length of a record that lies", func(a *appConn) { a.say("\x01\x06\x00\x01\xff\xff\x00\x00%sx", header) }, 200, false, true},
		{"Content-Length that lies", func(a *appConn) { a.record(stdout, "Content-Length: 1000\r\n\r\nx") }, 200, false, true},
		{"body of bytes with padding", func(a *appConn) {
			a.record(stdout, header)
			piece := strings.Repeat("\x01\x06\x00\x01\x00\x01\xff\x00x"+strings.Repeat("\x00", 255), 100)
			for range int(flood) / len(piece) {
				if _, err := a.Write([]byte(piece)); err != nil {
					return
				}
			}
			whole(a, "end")
		}, 200, true, true},
		{"empty stderr for ever, slowly", func(a *appConn) {
			for a.record(stderr, "") {
				a.pause(100 * time.Millisecond)
			}
		}, 504, true, false},
		{"the client's bytes back", func(a *appConn) { a.say("\x01\x05\x00\x01\x00\x00\x00\x00"); a.stay() }, 502, true, true},
		{"more after the end", func(a *appConn) { whole(a, header+"x"); _ = floods(a, stdout) }, 200, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/", "/off/", "/keep/"} {
				site, limit := fastcgiSite, soon
				if tc.ends {
					site, limit = strings.ReplaceAll(site, "_timeout 1s;", "_timeout 5m;"), patience
				}
				s := start(t, tested(), setup{text: site, apps: apps(fastcgi(func(a *appConn, _ *harness.FastCGIRequest) bool {
					tc.answer(a)
					return false
				}))})
				var got *arrivals
				grown := s.growth(func() {
					c := s.dial()
					c.send("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
					got = c.receive(limit)
				})
				text := got.text()
				if got.status() != tc.status || !got.closed || got.ended >= limit {
					t.Errorf("%s: status %d, want %d, closed %t after %v: %.100q", path, got.status(), tc.status, got.closed, got.ended, text)
				}
				if grown > little {
					t.Errorf("%s: %v of memory", path, grown)
				}
				chunked := strings.Contains(text, "Transfer-Encoding: chunked")
				if complete := tc.status != 200 || chunked && strings.HasSuffix(text, "\r\n0\r\n\r\n"); complete != tc.whole {
					t.Errorf("%s: complete %t: %.100q", path, complete, text)
				}
			}
		})
	}
}
