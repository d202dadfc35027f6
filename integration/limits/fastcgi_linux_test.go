package limits

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// The records of a FastCGI application.
const (
	stdout = 6
	stderr = 7
)

// fastcgi is a FastCGI application: what it does with each request, until it returns false or the server leaves.
func fastcgi(answer func(a *appConn, q *harness.FastCGIRequest) bool) func(net.Conn) {
	return func(c net.Conn) {
		a := &appConn{c, bufio.NewReader(c)}
		for {
			q, err := harness.ReadFastCGI(a.in)
			if err != nil || !answer(a, q) {
				return
			}
		}
	}
}

// record sends a record, and tells whether the server took it.
func (a *appConn) record(kind byte, content string) bool {
	_, err := a.Write([]byte(harness.FastCGIRecord(kind, content)))
	return err == nil
}

// stay says nothing more, until the server closes.
func (a *appConn) stay() {
	_ = a.SetReadDeadline(time.Now().Add(patience)) // it is open
	_, _ = a.in.ReadByte()
}

const fastcgiSite = `
-- server.conf --
fastcgi_param SCRIPT_NAME $uri;
fastcgi_read_timeout 1s;
fastcgi_send_timeout 1s;
location / { fastcgi_pass %%UPSTREAM%%; }
location /off/ { fastcgi_buffering off; fastcgi_pass %%UPSTREAM%%; }
location /keep/ { fastcgi_keep_conn on; fastcgi_pass %%UPSTREAM%%; }
location /ping { return 200 pong; }
`

// TestFastCGIFaults: what an application does wrong has an end, costs no memory, and is seen by the client for what it is:
// an error before the header, a response that breaks off behind it.
func TestFastCGIFaults(t *testing.T) {
	t.Parallel()
	const (
		soon   = 15 * time.Second // fastcgi_read_timeout is a second
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
	}{
		{"stderr flood before the header", func(a *appConn) { _ = floods(a, stderr); whole(a, header+"x") }, 200, true},
		{"stderr flood in the body", func(a *appConn) { a.record(stdout, header); _ = floods(a, stderr); whole(a, "x") }, 200, true},
		{"stderr without end, slowly", func(a *appConn) {
			for a.record(stderr, "again") {
				a.pause(100 * time.Millisecond)
			}
		}, 504, true},
		{"header without end", func(a *appConn) {
			for a.record(stdout, "X-A: a\r\n") {
			}
		}, 502, true},
		{"line without end", func(a *appConn) { a.record(stdout, "X-A: "); _ = floods(a, stdout) }, 502, true},
		{"line without end, byte by byte", func(a *appConn) {
			for a.record(stdout, "x") {
			}
		}, 502, true},
		{"header that stops", func(a *appConn) { a.record(stdout, "X-A: a\r\n"); a.stay() }, 504, true},
		{"head of a record that stops", func(a *appConn) { a.say("\x01\x06\x00"); a.stay() }, 504, true},
		{"body that stops", func(a *appConn) { a.record(stdout, header+"x"); a.stay() }, 200, false},
		{"length of a record that lies", func(a *appConn) { a.say("\x01\x06\x00\x01\xff\xff\x00\x00%sx", header) }, 200, false},
		{"Content-Length that lies", func(a *appConn) { a.record(stdout, "Content-Length: 1000\r\n\r\nx") }, 200, false},
		{"body of bytes with padding", func(a *appConn) {
			a.record(stdout, header)
			piece := strings.Repeat("\x01\x06\x00\x01\x00\x01\xff\x00x"+strings.Repeat("\x00", 255), 100)
			for range int(flood) / len(piece) {
				if _, err := a.Write([]byte(piece)); err != nil {
					return
				}
			}
			whole(a, "end")
		}, 200, true},
		{"empty stderr for ever, slowly", func(a *appConn) {
			for a.record(stderr, "") {
				a.pause(100 * time.Millisecond)
			}
		}, 504, true},
		{"the client's bytes back", func(a *appConn) { a.say("\x01\x05\x00\x01\x00\x00\x00\x00"); a.stay() }, 502, true},
		{"more after the end", func(a *appConn) { whole(a, header+"x"); _ = floods(a, stdout) }, 200, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, path := range []string{"/", "/off/", "/keep/"} {
				s := start(t, tested(), setup{text: fastcgiSite, apps: apps(fastcgi(func(a *appConn, _ *harness.FastCGIRequest) bool {
					tc.answer(a)
					return false
				}))})
				var got *arrivals
				grown := s.growth(func() {
					c := s.dial()
					c.send("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
					got = c.receive(soon)
				})
				text := got.text()
				if got.status() != tc.status || !got.closed || got.ended >= soon {
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

// TestFastCGIKeptConnections: what an application sends behind a response on a kept connection never reaches another
// client, and connections are kept where nothing does.
func TestFastCGIKeptConnections(t *testing.T) {
	t.Parallel()
	const conf = `
-- http.conf --
upstream app { server %%UPSTREAM%%; keepalive 4; }
server { listen %%ADDR%%; fastcgi_param SCRIPT_NAME $uri; fastcgi_keep_conn on; location / { fastcgi_pass app; } }
`
	for _, tc := range []struct {
		name  string
		after func(q *harness.FastCGIRequest) string
		kept  bool
	}{
		{"nothing", func(*harness.FastCGIRequest) string { return "" }, true},
		{"another response", func(*harness.FastCGIRequest) string { return harness.FastCGIAnswer("\r\nstolen") }, false},
		{"output without a request", func(*harness.FastCGIRequest) string { return harness.FastCGIRecord(stdout, "\r\nstolen") }, false},
		{"a byte", func(*harness.FastCGIRequest) string { return "\x01" }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var connections atomic.Int64
			serve := fastcgi(func(a *appConn, q *harness.FastCGIRequest) bool {
				if !q.Keep {
					t.Error("the application is not asked to keep the connection")
				}
				a.say("%s", harness.FastCGIAnswer("Content-Type: text/plain\r\n\r\n<"+q.Param("SCRIPT_NAME")+">")+tc.after(q))
				return true
			})
			s := start(t, tested(), setup{text: conf, apps: apps(func(c net.Conn) { connections.Add(1); serve(c) })})
			const requests = 20
			c := s.dial()
			for i := range requests {
				path := fmt.Sprintf("/%d", i)
				c.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
				got := c.receiveUntil("\r\n0\r\n\r\n", patience).text()
				if !strings.Contains(got, "<"+path+">") || strings.Contains(got, "stolen") {
					t.Fatalf("%s: %q", path, got)
				}
			}
			if n := connections.Load(); (n == 1) != tc.kept {
				t.Errorf("%d connections", n)
			}
		})
	}
}
