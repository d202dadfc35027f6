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
