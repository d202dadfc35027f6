package limits

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tests of this file hold the tools of the package to what they say, on nginx.

// TestArrivals: what an application sends now and then arrives now and then, and the tools tell when.
func TestArrivals(t *testing.T) {
	t.Parallel()
	s := start(t, oracle(), setup{
		text: "-- server.conf --\nlocation / { proxy_buffering off; proxy_pass http://%%UPSTREAM%%; }\n",
		apps: apps(chunks(300*time.Millisecond, "X-Made: up\r\n", "one", "two")),
	})
	c := s.dial()
	c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	got := c.receive(patience)
	if got.status() != 200 || !got.closed || !strings.Contains(got.text(), "\r\nX-Made: up\r\n") {
		t.Fatalf("%q", got.text())
	}
	if one, two := got.at("one"), got.at("two"); one < 250*time.Millisecond || two < max(one, 550*time.Millisecond) || got.ended < two {
		t.Errorf("one after %v, two after %v, the end after %v", one, two, got.ended)
	}
	if at := got.at("three"); at != -1 {
		t.Errorf("three after %v, though it never came", at)
	}
}

// TestApplications: an application reads a body and breaks off; another answers again and again.
func TestApplications(t *testing.T) {
	t.Parallel()
	bodies := make(chan string, 1)
	s := start(t, oracle(), setup{
		text: `
-- server.conf --
location / { proxy_pass http://%%UPSTREAM%%; }
location /kept/ { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://%%UPSTREAM_2%%; }
`,
		apps: apps(script(func(a *appConn) {
			a.head()
			bodies <- a.body(4)
			a.reset()
		}), answers("again")),
	})
	c := s.dial()
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
	if got := c.receiveUntil("</html>", patience); got.status() != 502 {
		t.Errorf("%q", got.text())
	}
	if body := <-bodies; body != "body" {
		t.Errorf("the application got %q", body)
	}
	if worst := s.knock("/kept/"); worst() > patience {
		t.Error("a ping took longer than it may")
	}
}

// TestFigures: processes, memory, processor time, files and signals of a server with a master.
func TestFigures(t *testing.T) {
	t.Parallel()
	const text = `
-- nginx.conf --
user nobody nogroup;
pid logs/nginx.pid;
error_log logs/error.log notice;
events { worker_connections 256; }
http {
    include temp-paths.conf;
    server { listen %%ADDR%%; location / { return 200 first; } }
    server { listen %%ADDR_2%% ssl; ssl_certificate certs/localhost.pem; ssl_certificate_key certs/localhost.key; location / { return 200 secret; } }
}
`
	s := start(t, oracle(), setup{text: text, own: true})
	s.eventually("a worker beside the master", func() bool { return len(s.processes()) == 2 && len(s.workers()) == 1 })
	if n := s.settled(); n < mb || n > 100*mb || s.cpu() > time.Minute {
		t.Errorf("%v, %v", n, s.cpu())
	}
	c := s.dialTLS(2, nil)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if got := c.receiveUntil("secret", patience); got.status() != 200 {
		t.Errorf("%q", got.text())
	}
	_, conf, _ := strings.Cut(text, "--\n")
	s.write("nginx.conf", strings.Replace(conf, "first", "second", 1))
	s.signal(syscall.SIGHUP)
	s.eventually("the new configuration", func() bool {
		c := s.dial()
		c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		return strings.Contains(c.receive(patience).text(), "second")
	})
}

// TestBodyIsTaken: a body of some size is taken, and cost a bounded time.
func TestBodyIsTaken(t *testing.T) {
	const length = 20 * mb
	within(t, setup{text: `
-- server.conf --
client_max_body_size 0;
location / { proxy_pass http://%%UPSTREAM%%; }
-- upstream/ --
@keep
HTTP/1.1 200 OK
Content-Length: 2

ok%%END%%
`}, patience, func(s *site) time.Duration {
		c := s.dial()
		begun := time.Now()
		c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20971520\r\nConnection: close\r\n\r\n")
		if taken := c.stream("0123456789", length); taken != length {
			t.Errorf("%v of %v was taken", taken, length)
		}
		if got := c.receive(patience); got.status() != 200 {
			t.Errorf("%q", got.text())
		}
		return time.Since(begun)
	})
}
