//go:build !race

// The race detector needs several times the memory of the program for what it watches, and never gives it back: there is
// nothing to be compared with nginx, or with a time before.

package limits

import (
	"io"
	"net"
	"strings"
	"testing"
)

// idleConf has small buffers of sockets, so that a server that has more to send than that waits for its clients.
const idleConf = `fill: html/large 1048576

-- html/empty --
-- nginx.conf --
worker_processes 1;
worker_rlimit_nofile 10000;
pid logs/nginx.pid;
error_log logs/error.log info;
events { worker_connections 8000; }
http {
    include temp-paths.conf;
    access_log off;
    send_timeout 10m;
    client_body_timeout 10m;
    proxy_read_timeout 10m;
    server {
        listen %%ADDR%% sndbuf=16k;
        location / { root html; }
        location /app/ {
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_pass http://%%UPSTREAM%%;
        }
        location /unbuffered/ { proxy_buffering off; proxy_request_buffering off; proxy_pass http://%%UPSTREAM%%/app/; }
    }
}
`

// TestIdle: a connection that waits takes at most 5 KB more than nginx's, where it has a second goroutine that one's stack
// and frames more, and none holds a buffer for what may come (docs/adr/0048).
func TestIdle(t *testing.T) {
	t.Parallel()
	app := script(func(a *appConn) {
		head := a.head()
		switch {
		case strings.HasPrefix(head, "GET /app/upgrade"):
			a.say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhello")
		case strings.HasPrefix(head, "GET /app/events"):
			a.say("HTTP/1.1 200 OK\r\nX-Accel-Buffering: no\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
		case strings.HasPrefix(head, "GET "):
			a.say("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\nhello%s", mb, strings.Repeat("x", int(mb)-5))
		}
		_, _ = io.Copy(io.Discard, a.in) // until the end
	})
	get := func(uri string) string { return "GET " + uri + " HTTP/1.1\r\nHost: localhost\r\n\r\n" }
	for _, c := range []struct {
		name, sends, comes string
		more               size // than nginx, KB
	}{
		{"kept", get("/empty"), "\r\n\r\n", 4},
		{"upgraded", "GET /app/upgrade HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "hello", 3},
		{"file", get("/large"), "\r\n\r\n", 4},
		{"proxied", get("/app/"), "hello", 4},
		{"unbuffered", get("/unbuffered/"), "hello", 12},
		{"head", "GET / HTTP/1.1\r\nHost: localhost\r\n" + strings.Repeat("X: y\r\n", 20), "", 7},
		{"body", "POST /app/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n" + strings.Repeat("x", 100_000), "", 4},
		{"streamed body", "POST /unbuffered/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n" + strings.Repeat("x", 100_000), "", 11},
		{"events", get("/app/events"), "hello", 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			const idle = 500
			beside(t, setup{text: idleConf, apps: apps(app)}, idle*c.more<<10, func(s *site) size {
				open := func(n int) {
					for range n {
						conn := s.dial()
						must(t, conn.conn.(*net.TCPConn).SetReadBuffer(16<<10))
						conn.send(c.sends)
						if c.comes == "" {
							continue
						}
						if got := conn.receiveUntil(c.comes, patience); !strings.Contains(got.text(), c.comes) {
							t.Fatalf("%s: %q", s, got.text())
						}
					}
				}
				open(50) // what the first requests make once
				before := s.settled()
				open(idle)
				return s.settled() - before
			})
		})
	}
}
