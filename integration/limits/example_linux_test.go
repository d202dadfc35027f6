package limits

import (
	"strings"
	"testing"
	"time"
)

// TestDownload: what a client takes slowly, or a proxied answer larger than the buffers, is not kept in memory.
func TestDownload(t *testing.T) {
	t.Parallel()
	const length = 64 * mb
	set := setup{
		text: `
-- server.conf --
location / { proxy_pass http://%%UPSTREAM%%; }
`,
		apps: apps(script(func(a *appConn) {
			a.head()
			a.say("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", length)
			block := strings.Repeat("x", int(mb))
			for range length / mb {
				a.say("%s", block)
			}
		})),
	}
	beside(t, set, 24*mb, func(s *site) size {
		return s.growth(func() {
			c := s.dial()
			c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			if got := size(len(c.receive(patience).text())); got < length {
				t.Errorf("%s sent %v of %v", s, got, length)
			}
		})
	})
}

// TestConnectionsAreGivenBack: clients that come and go leave no descriptor and no goroutine behind.
func TestConnectionsAreGivenBack(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, own bool) {
		s := start(t, tested(), setup{own: own, text: `
-- nginx.conf --
user nobody nogroup;
pid logs/nginx.pid;
events { worker_connections 256; }
http { include temp-paths.conf; server { listen %%ADDR%%; location / { return 200 here; } } }
`})
		s.ping("/")()
		descriptors, goroutines := s.descriptors(), s.goroutines()
		stop := s.ping("/")
		clients := make([]*client, 100)
		for i := range clients {
			clients[i] = s.dial()
			clients[i].send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			if got := clients[i].receiveUntil("here", patience); got.status() != 200 {
				t.Fatalf("client %d: %q", i, got.text())
			}
		}
		if n := s.descriptorsOf("socket:"); n < 100 {
			t.Errorf("%d sockets with 100 clients", n)
		}
		for _, c := range clients {
			must(t, c.conn.Close())
		}
		t.Logf("another client waited for %v at most", stop())
		s.eventually("the end of their descriptors", func() bool { return s.descriptors() <= descriptors })
		s.eventually("the end of their goroutines", func() bool { return s.goroutines() <= goroutines+2 && s.serving() <= servedAtOnce })
	})
}

// TestSlowHead: a head that comes a byte at a time has client_header_timeout in all.
func TestSlowHead(t *testing.T) {
	t.Parallel()
	beside(t, setup{text: `
-- server.conf --
client_header_timeout 1s;
location / { return 200; }
`}, time.Second, func(s *site) time.Duration {
		took, _, closed := s.dial().drip("GET / HTTP/1.1\r\nHost: "+strings.Repeat("a", 100), 100*time.Millisecond, 10*time.Second)
		if !closed {
			t.Errorf("%s did not close", s)
		}
		return took
	})
}
