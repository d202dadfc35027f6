package limits

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRefusedIsAnswered: an answer that ends a connection arrives although the client has sent more than was read of it.
func TestRefusedIsAnswered(t *testing.T) {
	t.Parallel()
	const clients = 60
	more := strings.Repeat("x: y\r\n", 900)
	set := setup{text: `
-- http.conf --
server {
    listen %%ADDR%%;
    listen %%ADDR_2%% ssl;
    ssl_certificate certs/localhost.pem;
    ssl_certificate_key certs/localhost.key;
    location / { return 200; }
    location /limited { client_max_body_size 10; proxy_pass http://%%UPSTREAM%%; }
}
`}
	for _, c := range []struct {
		name   string
		port   int
		text   string
		status int
	}{
		{"method", 1, "get / HTTP/1.1\r\n" + more, 400},
		{"version", 1, "GET / HTTP/01.1\r\n" + more, 400},
		{"path", 1, "GET /../ HTTP/1.1\r\n" + more, 400},
		{"two hosts", 1, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n" + more, 400},
		{"invalid header line", 1, "GET / HTTP/1.1\r\nHost: a\r\na\x01b: c\r\n" + more, 400},
		{"too long line", 1, "GET /" + strings.Repeat("a", 40<<10) + " HTTP/1.1\r\n" + more, 414},
		{"too long header line", 1, "GET / HTTP/1.1\r\nHost: " + strings.Repeat("a", 40<<10) + "\r\n" + more, 400},
		{"TLS hello", 1, "\x16\x03\x01\x07\x00\x01\x00\x06\xfc\x03\x03" + more, 400},
		{"plain request to a TLS port", 2, "GET / HTTP/1.1\r\nHost: a\r\n" + more + "\r\n" + more, 400},
		{"too large body", 1, "POST /limited HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + more, 413},
		{"too large chunk", 1, "POST /limited HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n" + more, 413},
		{"invalid chunk", 1, "POST /limited HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n" + more, 400},
		{"unread input", 1, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n" + more, 200},
		{"another request", 1, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n" + more, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, binary := range []string{oracle(), tested()} {
				s := start(t, binary, set)
				all := make([]*client, clients)
				for i := range all {
					all[i] = s.dialTo(c.port).say(c.text)
				}
				answers := 0
				for _, d := range all { // some of which have been closed for long, if not with a reset
					if got := d.receiveUntil("\r\n\r\n", patience); got.status() == c.status {
						answers++
					}
					must(t, d.conn.Close()) // else the server lingers
				}
				if answers != clients {
					t.Errorf("%s: %d of %d clients got their answer", s, answers, clients)
				}
			}
		})
	}
}

// TestAnswerBeforeBody: an answer that does not depend on the body leaves before the body has come, whatever becomes of the
// connection.
func TestAnswerBeforeBody(t *testing.T) {
	t.Parallel()
	// A segment that waits for more is held back by Linux for 200 ms. The quickest of a few tries counts.
	const (
		tries = 10
		most  = 150 * time.Millisecond
	)
	set := setup{text: `
-- http.conf --
server {
    listen %%ADDR%%;
    root html;
    error_page 413 /413.html;
    location / { return 200 "answer"; }
    location = /413.html { }
    location /limit/ { client_max_body_size 10; return 200; }
    location /proxied/ { client_max_body_size 10; proxy_pass http://%%UPSTREAM%%; }
}
-- html/413.html --
answer
`, apps: apps(answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))}
	for _, path := range []string{"/", "/limit/", "/proxied/"} {
		for _, fields := range []string{"", "Connection: close\r\n"} {
			t.Run(strings.TrimSpace(path+" "+fields), func(t *testing.T) {
				t.Parallel()
				for _, binary := range []string{oracle(), tested()} {
					s := start(t, binary, set)
					best := patience
					for try := 0; try < tries && best > most; try++ {
						d := s.dial()
						begun := time.Now()
						d.send("POST " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "Content-Length: 100\r\n\r\nbeginning")
						if got := d.receiveUntil("answer", patience); got.at("answer") < 0 {
							t.Fatalf("%s: %q", s, got.text())
						}
						best = min(best, time.Since(begun))
						must(t, d.conn.Close())
					}
					if best > most {
						t.Errorf("%s: the answer came after %v at best", s, best)
					}
				}
			})
		}
	}
}

// TestQuitEndsHandshakes: a server that quits does not wait for clients whose PROXY header, handshake or TLS record is not
// complete.
func TestQuitEndsHandshakes(t *testing.T) {
	t.Parallel()
	set := setup{text: `
-- http.conf --
server {
    listen %%ADDR%% proxy_protocol;
    listen %%ADDR_2%% ssl;
    listen %%ADDR_3%% ssl proxy_protocol;
    ssl_certificate certs/localhost.pem;
    ssl_certificate_key certs/localhost.key;
    location / { return 200; }
}
`}
	hello := clientHello(t)
	const idle = 700 * time.Millisecond // by then a connection waits without a goroutine, if it can
	for name, begin := range map[string]func(s *site) *client{
		"no PROXY header":            func(s *site) *client { return s.dialTo(1) },
		"half a PROXY header":        func(s *site) *client { return s.dialTo(1).say("PROXY TCP4 ") },
		"no handshake":               func(s *site) *client { return s.dialTo(2) },
		"half a handshake":           func(s *site) *client { return s.dialTo(2).say(hello[:50]) },
		"a handshake but for an end": func(s *site) *client { return s.dialTo(2).say(hello) },
		"a PROXY header alone":       func(s *site) *client { return s.dialTo(3).say("PROXY UNKNOWN\r\n") },
		"half a handshake behind a PROXY header": func(s *site) *client {
			return s.dialTo(3).say("PROXY UNKNOWN\r\n" + hello[:50])
		},
		"half a record at once":       func(s *site) *client { return s.halfRecord(0, idle) },
		"half a record after a while": func(s *site) *client { return s.halfRecord(idle, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			within(t, set, 5*time.Second, func(s *site) time.Duration {
				c := begin(s)
				time.Sleep(200 * time.Millisecond) // until the server is at it
				begun := time.Now()
				s.signal(syscall.SIGQUIT)
				if got := c.receive(20 * time.Second); !got.closed {
					t.Errorf("%s did not close", s)
				}
				return time.Since(begun)
			})
		})
	}
}

// halfRecord opens a TLS connection that has had an answer and, some time before and after, has sent half a record.
func (s *site) halfRecord(before, after time.Duration) *client {
	c, raw := s.dialRaw(2)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	c.receiveUntil("\r\n\r\n", patience)
	time.Sleep(before)
	half := &client{t: s.t, conn: raw.Conn}
	half.send("\x17\x03\x03")
	time.Sleep(after)
	return half
}

// say is send, for a chain.
func (c *client) say(text string) *client {
	c.send(text)
	return c
}
