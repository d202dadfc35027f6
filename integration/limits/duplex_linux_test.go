package limits

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const duplexConf = `
-- http.conf --
client_max_body_size 0;
proxy_http_version 1.1;
proxy_set_header Connection "";
server {
    listen %%ADDR%%;
    listen %%ADDR_2%% ssl;
    ssl_certificate certs/localhost.pem;
    ssl_certificate_key certs/localhost.key;
    location /plain/ { proxy_request_buffering off; proxy_pass http://%%UPSTREAM%%/; }
    location /off/ { proxy_request_buffering off; proxy_buffering off; proxy_pass http://%%UPSTREAM%%/; }
    location /tls/ { proxy_request_buffering off; proxy_pass https://%%UPSTREAM_2%%/; }
    location /slow/ { proxy_read_timeout 2s; proxy_request_buffering off; proxy_pass http://%%UPSTREAM%%/; }
    location /buffered/ { proxy_pass http://%%UPSTREAM%%/; }
}
`

// duplexApp answers as the path says, while the request comes.
func duplexApp(a *appConn) {
	req, err := http.ReadRequest(a.in)
	if err != nil {
		return
	}
	switch {
	case strings.HasSuffix(req.URL.Path, "/early"):
		a.say("HTTP/1.1 401 Unauthorized\r\nContent-Length: 6\r\n\r\nclosed")
		_, _ = io.Copy(io.Discard, a.in)
	case strings.HasSuffix(req.URL.Path, "/late"):
		_, _ = io.Copy(io.Discard, req.Body)
		a.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlate")
	default: // echo
		a.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
		buf := make([]byte, 64<<10)
		for {
			n, err := req.Body.Read(buf)
			if n > 0 {
				a.say("%x\r\n%s\r\n", n, buf[:n])
			}
			if err != nil {
				break
			}
		}
		a.say("0\r\n\r\n")
	}
}

// TestEcho: an application that answers as the body comes, and a client that sends a part when it has the part before
// back, take as long as through nginx.
func TestEcho(t *testing.T) {
	set := setup{text: duplexConf, apps: apps(script(duplexApp), overTLS(t, script(duplexApp)))}
	const turns = 20
	for _, c := range []struct {
		path   string
		secure bool // buffered, nginx fills a record before it sends
	}{{"/plain/", false}, {"/tls/", false}, {"/off/", false}, {"/off/", true}} {
		for _, counted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s tls %v counted %v", strings.Trim(c.path, "/"), c.secure, counted), func(t *testing.T) {
				beside(t, set, 100*time.Millisecond, func(s *site) time.Duration {
					return s.echo(c.path, c.secure, counted, turns)
				})
			})
		}
	}
}

// echo sends parts of a body, each once the one before has come back, and returns how long that took.
func (s *site) echo(path string, secure, counted bool, turns int) time.Duration {
	s.t.Helper()
	c := s.dialAs(secure)
	_ = c.conn.SetDeadline(time.Now().Add(patience)) // it is open
	part := strings.Repeat("0123456789abcdef", 16)
	begun := time.Now()
	framing := "Transfer-Encoding: chunked"
	if counted {
		framing = fmt.Sprintf("Content-Length: %d", turns*len(part))
	}
	send := func(text string) {
		if !counted {
			text = fmt.Sprintf("%x\r\n%s\r\n", len(text), text)
		}
		_, _ = io.WriteString(c.conn, text) // the reader is told
	}
	_, _ = fmt.Fprintf(c.conn, "POST %secho HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n\r\n", path, framing)
	send(part)
	resp, err := http.ReadResponse(bufio.NewReader(c.conn), nil)
	must(s.t, err)
	back := make([]byte, len(part))
	for i := range turns {
		if _, err := io.ReadFull(resp.Body, back); err != nil || string(back) != part {
			s.t.Fatalf("%s: part %d: %q, %v", s, i, back, err)
		}
		if i < turns-1 {
			send(part)
		}
	}
	if !counted {
		_, _ = io.WriteString(c.conn, "0\r\n\r\n")
	}
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 {
		s.t.Errorf("%s: at the end %q, %v", s, rest, err)
	}
	return time.Since(begun)
}

// TestEarlyAnswer: an answer that comes before the body has is passed on at once.
func TestEarlyAnswer(t *testing.T) {
	set := setup{text: duplexConf, apps: apps(script(duplexApp), overTLS(t, script(duplexApp)))}
	for _, path := range []string{"/plain/early", "/off/early", "/tls/early"} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s tls %v", strings.Trim(path, "/"), secure), func(t *testing.T) {
				beside(t, set, 60*time.Millisecond, func(s *site) time.Duration {
					c := s.dialAs(secure)
					c.send("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nbeginning")
					got := c.receiveUntil("closed", 10*time.Second)
					if got.status() != 401 {
						t.Errorf("%s: %q", s, got.text())
					}
					return got.at("closed")
				})
			})
		}
	}
}

// TestLargeEcho: a body of 20 MB comes back while it is sent, and neither direction blocks the other.
func TestLargeEcho(t *testing.T) {
	t.Parallel()
	set := setup{text: duplexConf, apps: apps(script(duplexApp), overTLS(t, script(duplexApp)))}
	for _, path := range []string{"/plain/echo", "/off/echo", "/tls/echo"} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s tls %v", strings.Trim(path, "/"), secure), func(t *testing.T) {
				t.Parallel()
				const length = 20 * mb
				s := start(t, tested(), set)
				c := s.dialAs(secure)
				c.send(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", path, int64(length)))
				taken := make(chan size)
				go func() { taken <- c.stream("0123456789abcdef", length) }()
				resp, err := http.ReadResponse(bufio.NewReader(c.conn), nil)
				must(t, err)
				n, err := io.Copy(io.Discard, resp.Body)
				if sent := <-taken; err != nil || size(n) != length || sent != length {
					t.Errorf("%v sent, %v back, %v", sent, size(n), err)
				}
			})
		}
	}
}

// TestSlowUpload: the time for an answer counts from the end of the request. One of a few uploads has to go well: a busy machine may
// take that time for the answer.
func TestSlowUpload(t *testing.T) {
	t.Parallel()
	s := start(t, tested(), setup{text: duplexConf, apps: apps(script(duplexApp))})
	said := ""
	for range tries {
		c := s.dial()
		c.send("POST /slow/late HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nConnection: close\r\n\r\n")
		for range 10 {
			time.Sleep(400 * time.Millisecond)
			c.send("x")
		}
		got := c.receive(patience)
		if said = got.text(); got.status() == 200 && strings.HasSuffix(said, "late") {
			return
		}
	}
	t.Errorf("%q", said)
}
