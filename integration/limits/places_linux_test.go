package limits

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// crowdConf has few places; SETTINGS are of the main block.
const crowdConf = `
-- nginx.conf --
SETTINGS
worker_processes 1;
pid logs/nginx.pid;
error_log logs/error.log info;
events { worker_connections CONNECTIONS; }
http {
    include temp-paths.conf;
    access_log off;
    server { listen %%ADDR%%; location / { return 200 served; } }
    server { listen %%ADDR_2%% ssl; ssl_certificate certs/localhost.pem; ssl_certificate_key certs/localhost.key; location / { return 200 served; } }
    server { listen %%ADDR_3%% proxy_protocol; location / { return 200 served; } }
}
`

func crowd(connections int, settings string) setup {
	return setup{text: strings.NewReplacer("CONNECTIONS", fmt.Sprint(connections), "SETTINGS", settings).Replace(crowdConf)}
}

// served sends a request and tells whether it was answered. The connection stays open.
func served(c *client) bool {
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	got := c.receiveUntil("served", patience)
	if got.status() != 200 {
		c.t.Logf("closed %v after %v: %q", got.closed, got.ended, got.text())
	}
	return got.status() == 200
}

// TestCrowd: clients that keep their connections, or that say nothing at all, leave room for others, who are all served.
func TestCrowd(t *testing.T) {
	t.Parallel()
	const clients = 300
	for _, tc := range []struct {
		name string
		come func(s *site, i int) *client // another client; nil for one that says nothing
	}{
		{"kept", func(s *site, _ int) *client { return s.dial() }},
		{"kept over TLS", func(s *site, _ int) *client { return s.dialTLS(2, nil) }},
		{"silent", func(s *site, i int) *client { return s.everySecond(1, i) }},
		{"silent before the handshake", func(s *site, i int) *client { return s.everySecond(2, i) }},
		{"silent before the PROXY header", func(s *site, i int) *client { return s.everySecond(3, i) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, binary := range []string{oracle(), tested()} {
				s := start(t, binary, crowd(64, ""))
				begun := time.Now()
				for i := range clients {
					if c := tc.come(s, i); c != nil && !served(c) {
						t.Fatalf("%s did not serve client %d", s, i)
					}
				}
				t.Logf("%s served all in %v", s, time.Since(begun))
				if log := s.read("logs/error.log"); !strings.Contains(log, "[warn]") ||
					!strings.Contains(log, "64 worker_connections are not enough, reusing connections") {
					t.Errorf("%s: no warning in the log", s)
				}
			}
		})
	}
}

// TestHalfRecords: clients that have begun a TLS record behind their first request, and do not end it, leave room for others.
func TestHalfRecords(t *testing.T) {
	t.Parallel()
	const idle = 700 * time.Millisecond // by then a connection waits without a goroutine
	for _, binary := range []string{oracle(), tested()} {
		s := start(t, binary, crowd(64, ""))
		// The last places are taken by one at a time: those that come together are idle before they send, and make room.
		for _, n := range []int{60, 1, 1, 1, 1} {
			var raw []*holdable
			for range n {
				c, r := s.dialRaw(2)
				if raw = append(raw, r); !served(c) {
					t.Fatalf("%s did not serve one that was to hold its place", s)
				}
			}
			time.Sleep(idle)
			for _, r := range raw {
				_, _ = r.Conn.Write([]byte("\x17\x03\x03")) // the server may have closed it
			}
			time.Sleep(idle)
		}
		if !served(s.dial()) {
			t.Errorf("%s did not serve another client", s)
		}
	}
}

// everySecond opens a silent connection to %%ADDR_n%% for even i, and returns a client of %%ADDR%% else.
func (s *site) everySecond(n, i int) *client {
	if i%2 == 0 {
		s.dialTo(n)
		return nil
	}
	return s.dial()
}

// TestNoDescriptors: when descriptors run out, idle connections give up theirs, and what could not be accepted is logged
// as nginx logs it.
func TestNoDescriptors(t *testing.T) {
	t.Parallel()
	s := start(t, tested(), crowd(512, "worker_rlimit_nofile 60;"))
	for i := range 200 {
		if !served(s.dial()) {
			t.Fatalf("client %d was not served", i)
		}
	}
	if log := s.read("logs/error.log"); !strings.Contains(log, "[crit]") ||
		!strings.Contains(log, ": accept4() failed (24: Too many open files)\n") {
		t.Error("the log does not say it")
	}
}
