package limits

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// A byte every so often, and the longest that a case looks on.
const (
	dripPause = 50 * time.Millisecond
	lookOn    = 4 * time.Second
)

// upgrading are the directives of a location that passes on what asks for another protocol.
const upgrading = "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; "

// timeouts are the directives that bound how long the server waits, with one client or application each that makes it
// wait. What is measured is how long it puts up with that; lookOn where it does not mind, as with what is restarted by
// every byte.
var timeouts = []struct {
	name string
	conf string // of the server
	apps [2]func(net.Conn)
	wait func(s *site) time.Duration
}{
	{name: "client_header_timeout/silence", conf: "client_header_timeout 1s;", wait: func(s *site) time.Duration {
		return s.dial().drips("", 0)
	}},
	{name: "client_header_timeout/head", conf: "client_header_timeout 1s;", wait: func(s *site) time.Duration {
		return s.dial().drips(longHead, 0)
	}},
	{name: "client_header_timeout/from the accept on", conf: "client_header_timeout 1s;", wait: func(s *site) time.Duration {
		return s.dial().drips(longHead, 800*time.Millisecond)
	}},
	{name: "client_header_timeout/second head", conf: "client_header_timeout 1s;", wait: func(s *site) time.Duration {
		c := s.dial()
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		c.receiveUntil("here", patience)
		return c.drips(longHead, 0)
	}},
	{name: "client_header_timeout/handshake", conf: "client_header_timeout 1s;", wait: func(s *site) time.Duration {
		return s.dialTo(2).drips(clientHello(s.t), 0)
	}},
	{name: "client_header_timeout/no handshake", conf: "client_header_timeout 1s;", wait: func(s *site) time.Duration {
		return s.dialTo(2).drips("", 0)
	}},
	{name: "client_header_timeout/record", conf: "client_header_timeout 1s;", wait: func(s *site) time.Duration {
		c, raw := s.dialRaw(2)
		return c.dripsRecord(raw, longHead)
	}},
	{name: "client_header_timeout/half a record of a second head", conf: "client_header_timeout 1s; keepalive_timeout 2s;", wait: func(s *site) time.Duration {
		c, raw := s.dialRaw(2)
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		c.receiveUntil("here", patience)
		return c.dripsRecord(raw, longHead)
	}},
	{name: "client_header_timeout/a record of a second head", conf: "client_header_timeout 1s;", wait: func(s *site) time.Duration {
		c, raw := s.dialRaw(2)
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		c.receiveUntil("here", patience)
		time.Sleep(time.Second)                  // an idle connection waits without a goroutine then
		return c.dripsRecord(raw, "GET / HTTP/") // which takes longer than a second; the rest does not come
	}},
	{name: "keepalive_timeout", conf: "keepalive_timeout 1s;", wait: func(s *site) time.Duration {
		c := s.dial()
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		c.receiveUntil("here", patience)
		return c.drips("", 0)
	}},
	{name: "keepalive_timeout/TLS", conf: "keepalive_timeout 1s;", wait: func(s *site) time.Duration {
		c := s.dialTLS(2, nil)
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		c.receiveUntil("here", patience)
		return c.drips("", 0)
	}},
	{name: "client_body_timeout/drip", conf: "client_body_timeout 1s;", apps: sink(), wait: func(s *site) time.Duration {
		return s.post("/buffered", "Content-Length: 1000").drips(strings.Repeat("x", 1000), 0)
	}},
	{name: "client_body_timeout/silence", conf: "client_body_timeout 1s;", apps: sink(), wait: func(s *site) time.Duration {
		return s.post("/buffered", "Content-Length: 1000").drips("", 0)
	}},
	{name: "client_body_timeout/chunk extension", conf: "client_body_timeout 1s;", apps: sink(), wait: func(s *site) time.Duration {
		return s.post("/buffered", "Transfer-Encoding: chunked").drips("1;"+strings.Repeat("x", 1000), 0)
	}},
	{name: "client_body_timeout/not buffered", conf: "client_body_timeout 1s;", apps: sink(), wait: func(s *site) time.Duration {
		return s.post("/unbuffered", "Content-Length: 1000").drips("", 0)
	}},
	{name: "client_body_timeout/not buffered, drip", conf: "client_body_timeout 1s;", apps: sink(), wait: func(s *site) time.Duration {
		return s.post("/unbuffered", "Content-Length: 1000").drips(strings.Repeat("x", 1000), 0)
	}},
	{name: "client_body_timeout/not buffered, TLS", conf: "client_body_timeout 1s;", apps: sink(), wait: func(s *site) time.Duration {
		c := s.dialTLS(2, nil)
		c.send("POST /unbuffered HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
		return c.drips("", 0)
	}},
	{name: "lingering_timeout/discarded body", conf: "lingering_timeout 1s; client_body_timeout 8s;", wait: func(s *site) time.Duration {
		return s.post("/", "Content-Length: 1000").drips("", 0)
	}},
	{name: "lingering_timeout/drip", conf: "lingering_timeout 1s; client_body_timeout 8s;", wait: func(s *site) time.Duration {
		return s.post("/", "Content-Length: 1000").drips(strings.Repeat("x", 1000), 0)
	}},
	{name: "lingering_time", conf: "lingering_timeout 1s; lingering_time 2s;", wait: func(s *site) time.Duration {
		return s.post("/", "Content-Length: 1000").drips(strings.Repeat("x", 1000), 0)
	}},
	{name: "lingering_time/trailers", conf: "lingering_timeout 1s; lingering_time 2s;", wait: func(s *site) time.Duration {
		return s.post("/", "Transfer-Encoding: chunked").drips("0\r\n"+strings.Repeat("a: b\r\n", 100), 0)
	}},
	{name: "lingering_time/record", conf: "lingering_timeout 1s; lingering_time 2s;", wait: func(s *site) time.Duration {
		c, raw := s.dialRaw(2)
		c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
		return c.dripsRecord(raw, strings.Repeat("x", 1000))
	}},
	{name: "send_timeout", conf: "send_timeout 1s;", wait: func(s *site) time.Duration {
		s.dial().send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
		return s.goneAfter("/large")
	}},
	{name: "send_timeout/of a location", conf: "location = /here { send_timeout 1s; alias html/large; }", wait: func(s *site) time.Duration {
		s.dial().send("GET /here HTTP/1.1\r\nHost: a\r\n\r\n")
		return s.goneAfter("/here")
	}},
	{
		name: "send_timeout/upgraded", conf: "location = /here { send_timeout 1s; proxy_pass http://%%UPSTREAM%%; " + upgrading + "}",
		apps: drips("HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n"+strings.Repeat("x", 20000000), ""), wait: func(s *site) time.Duration {
			s.dial().send("GET /here HTTP/1.1\r\nHost: a\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n")
			return s.goneAfter("/here")
		},
	},
	{name: "proxy_read_timeout/silence", conf: "proxy_read_timeout 1s;", apps: drips("", ""), wait: (*site).answered},
	{name: "proxy_read_timeout/head", conf: "proxy_read_timeout 1s;", apps: drips("", "HTTP/1.1 200 OK\r\n"+strings.Repeat("a: b\r\n", 100)), wait: (*site).answered},
	{name: "proxy_read_timeout/interim responses", conf: "proxy_read_timeout 1s;", apps: drips("", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 20)), wait: (*site).answered},
	{name: "proxy_read_timeout/body", conf: "proxy_read_timeout 1s;", apps: drips("HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("x", 1000)), wait: (*site).answered},
	{name: "proxy_read_timeout/half a body", conf: "proxy_read_timeout 1s;", apps: drips("HTTP/1.1 200 OK\r\n\r\nx", ""), wait: (*site).answered},
	{name: "proxy_read_timeout/half a body, not buffered", conf: "proxy_buffering off; proxy_read_timeout 1s;", apps: drips("HTTP/1.1 200 OK\r\n\r\nx", ""), wait: (*site).answered},
	{name: "proxy_read_timeout/a body, not buffered", conf: "proxy_buffering off; proxy_read_timeout 1s;", apps: drips("HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("x", 1000)), wait: (*site).answered},
	{name: "proxy_connect_timeout/handshake", conf: "proxy_connect_timeout 1s;", apps: drips("", ""), wait: func(s *site) time.Duration {
		c := s.dial()
		c.send("GET /secure HTTP/1.1\r\nHost: a\r\n\r\n")
		c.receiveUntil("HTTP/1.1 504", lookOn)
		return time.Since(c.begun)
	}},
	{name: "proxy_connect_timeout/handshake, drip", conf: "proxy_connect_timeout 1s;", apps: drips("", "\x16\x03\x03\x40\x00"+strings.Repeat("\x02", 1000)), wait: func(s *site) time.Duration {
		c := s.dial()
		c.send("GET /secure HTTP/1.1\r\nHost: a\r\n\r\n")
		c.receiveUntil("HTTP/1.1 50", lookOn)
		return time.Since(c.begun)
	}},
	{name: "proxy_send_timeout", conf: "proxy_send_timeout 1s; client_max_body_size 0;", apps: apps(script(func(a *appConn) { a.pause(lookOn) })), wait: func(s *site) time.Duration {
		c := s.dial()
		c.send("POST /buffered HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n")
		c.stream("x", 20000000)
		c.begun = time.Now()
		c.receiveUntil("HTTP/1.1 504", lookOn)
		return time.Since(c.begun)
	}},
	{name: "proxy_send_timeout/not buffered", conf: "proxy_send_timeout 1s; client_max_body_size 0;", apps: apps(script(func(a *appConn) { a.pause(lookOn) })), wait: func(s *site) time.Duration {
		c := s.dial()
		c.send("POST /unbuffered HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n")
		go c.stream("x", 20000000)
		c.begun = time.Now()
		c.receiveUntil("HTTP/1.1 504", lookOn)
		return time.Since(c.begun)
	}},
}

var longHead = "GET / HTTP/1.1\r\nHost: " + strings.Repeat("a", 1000)

// TestTimeouts: every directive counts as nginx counts it, from the same moment, restarted by the same events.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	for _, d := range timeouts {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			fill := ""
			if strings.HasPrefix(d.name, "send_timeout") {
				fill = "fill: html/large 20000000\n"
			}
			set := setup{apps: d.apps, text: fill + `
-- http.conf --
server {
    listen %%ADDR%%;
    listen %%ADDR_2%% ssl;
    ssl_certificate certs/localhost.pem;
    ssl_certificate_key certs/localhost.key;
    root html;
    ` + d.conf + `
    location / { return 200 here; }
    location /large { }
    location /buffered { proxy_pass http://%%UPSTREAM%%; }
    location /unbuffered { proxy_request_buffering off; proxy_http_version 1.1; proxy_pass http://%%UPSTREAM%%; }
    location /secure { proxy_pass https://%%UPSTREAM%%; }
}
`}
			asLong(t, set, d.wait)
		})
	}
}

// asLong measures a time of nginx and of the server under test and wants them to be alike within 0.7 seconds.
func asLong(t *testing.T, set setup, measure func(s *site) time.Duration) {
	t.Helper()
	var nginx, sluice time.Duration
	for range tries {
		t.Run("nginx", func(t *testing.T) { nginx = measure(start(t, oracle(), set)) })
		t.Run("sluice", func(t *testing.T) { sluice = measure(start(t, tested(), set)) })
		t.Logf("nginx %v, the server under test %v", nginx, sluice)
		if t.Failed() || (nginx-sluice).Abs() < 700*time.Millisecond {
			return
		}
	}
	t.Errorf("nginx %v, the server under test %v", nginx, sluice)
}

// drips waits, sends text a byte at a time, and returns how long the server put up with all that.
func (c *client) drips(text string, wait time.Duration) time.Duration {
	begun := time.Now()
	time.Sleep(wait)
	c.drip(text, dripPause, lookOn-wait)
	return time.Since(begun)
}

// post sends the head of a request with a body.
func (s *site) post(uri, field string) *client {
	c := s.dial()
	c.send("POST " + uri + " HTTP/1.1\r\nHost: a\r\n" + field + "\r\n\r\n")
	return c
}

// answered returns how long a request to the application takes to its end, or how long it took until it was clear that
// it takes long.
func (s *site) answered() time.Duration {
	c := s.dial()
	c.send("GET /buffered HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	c.receive(lookOn)
	return time.Since(c.begun)
}

// goneAfter returns after which time a request is logged.
func (s *site) goneAfter(uri string) time.Duration {
	begun := time.Now()
	for time.Since(begun) < lookOn && !strings.Contains(s.read("logs/access.log"), uri) {
		time.Sleep(dripPause)
	}
	if strings.Contains(s.read("logs/access.log"), "404") {
		s.t.Errorf("no %s", uri)
	}
	return time.Since(begun)
}

// drips is an application that answers with text and a drip behind it.
func drips(text, drip string) [2]func(net.Conn) {
	serve := script(func(a *appConn) {
		_, _ = a.in.ReadByte()
		a.say("%s", text)
		begun := time.Now()
		for i := 0; i < len(drip) && time.Since(begun) < lookOn; i++ {
			a.pause(dripPause)
			a.say("%s", drip[i:i+1])
		}
		_, _ = io.Copy(io.Discard, a.in) // until the server closes
	})
	return apps(serve)
}

// clientHello returns the first bytes of a handshake.
func clientHello(t *testing.T) string {
	near, far := net.Pipe()
	go func() {
		_ = tls.Client(near, &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS12}).HandshakeContext(t.Context())
	}()
	b := make([]byte, 4096)
	n, err := far.Read(b)
	must(t, err)
	must(t, far.Close())
	return string(b[:n])
}

// holdable is a connection whose writes can be held back.
type holdable struct {
	net.Conn
	held *strings.Builder
}

// Write sends, or keeps.
func (h *holdable) Write(p []byte) (int, error) {
	if h.held != nil {
		return h.held.Write(p)
	}
	return h.Conn.Write(p)
}

// dialRaw opens a TLS connection whose records can be held back.
func (s *site) dialRaw(n int) (*client, *holdable) {
	c := s.dialTo(n)
	raw := &holdable{Conn: c.conn}
	secure := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}) //nolint:gosec // the certificate is the test's
	must(s.t, secure.HandshakeContext(s.t.Context()))
	c.conn = secure
	return c, raw
}

// dripsRecord sends text in one record, a byte of that at a time.
func (c *client) dripsRecord(raw *holdable, text string) time.Duration {
	raw.held = &strings.Builder{}
	c.send(text)
	record := raw.held.String()
	raw.held = nil
	plain := &client{t: c.t, conn: raw.Conn}
	return plain.drips(record, 0)
}
