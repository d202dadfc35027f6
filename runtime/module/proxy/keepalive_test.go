package proxy_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sluiceproxy/sluice/internal/testcert"
)

// local is a backend at a unix socket, where what one side has written the other
// can read: nothing is on its way. serve gets each connection with its number.
func local(t *testing.T, serve func(n int, r *bufio.Reader, c net.Conn)) *backend {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	running.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			running.Go(func() {
				defer func() { _ = c.Close() }()
				serve(n, bufio.NewReader(c), c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return &backend{addr: "unix:" + path}
}

// answerAll answers every request with 200.
func answerAll(r *bufio.Reader, c net.Conn) {
	for {
		if _, err := readRequest(r); err != nil {
			return
		}
		if _, err := io.WriteString(c, ok); err != nil {
			return
		}
	}
}

// strays are what applications send that is no part of a response: the request,
// the response, and what follows it.
var strays = []struct{ name, request, first, rest string }{
	{"second response", "GET /", ok, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"},
	{"more than was said", "GET /", ok, "stray"},
	{"body of HEAD", "HEAD /", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "stray"},
	{"body of 204", "GET /", "HTTP/1.1 204 No Content\r\n\r\n", "stray"},
	{"body of 304", "GET /", "HTTP/1.1 304 Not Modified\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"},
	{"behind the last chunk", "GET /", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "stray"},
	{"behind X-Accel-Redirect", "GET /", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Accel-Redirect: /local\r\n\r\n", "stray"},
	{"behind an intercepted error", "GET /", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "stray"},
	{"the end", "GET /", ok, ""},
}

const straysConf = `upstream u { server BACKEND; } server {
	location / { proxy_intercept_errors on; error_page 404 /local; proxy_pass http://u; }
	location /local { return 200 local; }
}`

// TestStray: what an application sends behind a response reaches no client, be it
// there with the response, or come when the connection is kept already. Then the
// connection is closed, also when no request asks for it.
func TestStray(t *testing.T) {
	for _, c := range strays {
		for _, late := range []bool{false, true} {
			name := c.name
			if late {
				name += " that comes late"
			}
			t.Run(name, func(t *testing.T) {
				answered, sent, closed := make(chan bool), make(chan bool), make(chan bool)
				b := local(t, func(n int, r *bufio.Reader, conn net.Conn) {
					if n > 0 {
						answerAll(r, conn)
						return
					}
					defer close(closed)
					_, _ = readRequest(r)
					text := c.first
					if !late {
						text += c.rest
					}
					_, _ = io.WriteString(conn, text)
					<-answered
					if late {
						_, _ = io.WriteString(conn, c.rest)
					}
					if c.rest == "" {
						_ = conn.Close()
					}
					close(sent)
					_, _ = readRequest(r)
				})
				s := serve(t, b, straysConf)
				s.Do(c.request + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
				close(answered)
				<-sent
				if r := s.Get("/next"); r.Status != 200 || r.Body != "ok" {
					t.Errorf("the next client got %d %q", r.Status, r.Body)
				}
				<-closed
				if log := s.Log(); strings.Contains(log, "prematurely") {
					t.Errorf("a dead connection was used: %s", log)
				}
			})
		}
	}
}

// TestStrayMeets: bytes that are no response, on a kept connection whose next
// request is under way already, are not taken for its response.
func TestStrayMeets(t *testing.T) {
	b := local(t, func(n int, r *bufio.Reader, conn net.Conn) {
		for i := range 2 {
			if _, err := readRequest(r); err != nil {
				return
			}
			text := ok
			if n == 0 && i == 1 {
				text = "stray\r\n"
			}
			_, _ = io.WriteString(conn, text)
		}
	})
	s := serve(t, b, straysConf)
	for _, target := range []string{"/first", "/next"} {
		if r := s.Get(target); r.Status != 200 || r.Body != "ok" {
			t.Errorf("%s: %d %q", target, r.Status, r.Body)
		}
	}
}

// TestNotKept: a connection whose two sides may not agree where a message ends
// serves one request.
func TestNotKept(t *testing.T) {
	for _, c := range []struct {
		name, conf, request, answer string
		kept                        bool
	}{
		{"as usual", "", "GET / HTTP/1.1\r\n\r\n", ok, true},
		{"a body", "", "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", ok, true},
		{"a body in chunks", "", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", ok, true},
		{"a body of its own", "proxy_set_body own;", "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nb", ok, true},
		{"its length again", "proxy_set_header Content-Length $http_content_length;", "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", ok, true},
		{"no body, no length", `proxy_pass_request_body off; proxy_set_header Content-Length "";`, "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", ok, true},
		{"no body, but a length", "proxy_pass_request_body off;", "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", ok, false},
		{"a body, but no length", `proxy_set_header Content-Length "";`, "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", ok, false},
		{"another length", "proxy_set_header Content-Length $arg_n;", "POST /?n=5 HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", ok, false},
		{"an encoding", "proxy_set_header Transfer-Encoding chunked;", "GET / HTTP/1.1\r\n\r\n", ok, false},
		{"a line in a field", "proxy_set_header X-Uri $uri;", "GET /a%0d%0aGET%20/b HTTP/1.1\r\n\r\n", ok, false},
		{"a line in Host", "proxy_set_header Host $uri;", "GET /a%0aGET%20/b HTTP/1.1\r\n\r\n", ok, false},
		{"a line in the URI", "rewrite ^ /$arg_x break; proxy_pass http://u$uri;", "GET /a%0d%0ab HTTP/1.1\r\n\r\n", ok, true},
		{"interim", "", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n", false},
		{"204 with a length", "", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", false},
		{"204 with an encoding", "", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", false},
		{"204 with an empty body", "", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var accepted atomic.Int32
			b := local(t, func(n int, r *bufio.Reader, conn net.Conn) {
				accepted.Add(1)
				for text := c.answer; ; text = ok {
					for line := ""; line != "\r\n"; { // the head; a body is the beginning of the next one
						var err error
						if line, err = r.ReadString('\n'); err != nil {
							return
						}
					}
					_, _ = io.WriteString(conn, text)
				}
			})
			conf := c.conf
			if !strings.Contains(conf, "proxy_pass http") {
				conf += " proxy_pass http://u;"
			}
			s := serve(t, b, "upstream u { server BACKEND; keepalive 1; } server { location / { "+conf+" } location /next { proxy_pass http://u; } }")
			s.Do(strings.Replace(c.request, "HTTP/1.1\r\n", "HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", 1))
			s.Get("/next")
			if n := accepted.Load(); (n == 1) != c.kept {
				t.Errorf("%d connections", n)
			}
		})
	}
}

// TestKeptFor: a kept connection is used only where a new one would be the same.
func TestKeptFor(t *testing.T) {
	cert := testcert.New(t)
	seen := make(chan string, 1)
	b := newBackend(t, nil)
	b.raw(func(r *bufio.Reader, c net.Conn) {
		how := "plain"
		if first, err := r.Peek(1); err == nil && first[0] == 22 {
			server := tls.Server(buffered{c, r}, &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert})
			if server.Handshake() != nil {
				return
			}
			how = server.ConnectionState().ServerName
			c, r = server, bufio.NewReader(server)
		}
		from, _, _ := net.SplitHostPort(c.RemoteAddr().String())
		for {
			if _, err := readRequest(r); err != nil {
				return
			}
			seen <- how + " " + from
			if _, err := io.WriteString(c, ok); err != nil {
				return
			}
		}
	})
	for _, keepalive := range []string{"", "keepalive 8;", "keepalive 8 local;"} {
		s := serve(t, b, `upstream u { server BACKEND; `+keepalive+` }
			server { location / {
				proxy_ssl_server_name on; proxy_ssl_name $arg_name; proxy_bind $arg_from; proxy_pass $arg_s://u;
			} location = /unbound { proxy_pass http://BACKEND; } }`)
		for range 2 {
			for _, c := range []struct{ query, want string }{
				{"s=http", "plain 127.0.0.1"},
				{"s=https&name=a.test", "a.test 127.0.0.1"},
				{"s=https&name=b.test", "b.test 127.0.0.1"},
				{"s=https&name=a.test&from=127.0.0.2", "a.test 127.0.0.2"},
				{"s=http&from=127.0.0.2", "plain 127.0.0.2"},
				{"s=http&from=127.0.0.3", "plain 127.0.0.3"},
				{"unbound", "plain 127.0.0.1"}, // what was kept for a request before is not bound to
			} {
				target := "/?" + c.query
				if c.query == "unbound" {
					target = "/unbound"
				}
				if r := s.Get(target); r.Status != 200 {
					t.Fatalf("%s %s: %d, %s", keepalive, c.query, r.Status, s.Log())
				}
				if got := <-seen; got != c.want {
					t.Errorf("%s %s: sent by way of %s, want %s", keepalive, c.query, got, c.want)
				}
			}
		}
	}
}

// buffered is a connection of which something has been read.
type buffered struct {
	net.Conn
	r *bufio.Reader
}

func (b buffered) Read(p []byte) (int, error) { return b.r.Read(p) }

// TestStaleBlame: a kept connection that is closed when the request comes is no
// failure of the peer, which is asked again.
func TestStaleBlame(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		b := newBackend(t, func(req string, c net.Conn) bool {
			return !strings.Contains(req, "/last") && keep(ok)(req, c)
		}, keep(ok))
		other := newBackend(t, keep(ok))
		s := serve(t, b, `upstream u { server BACKEND weight=2; server `+other.addr+` backup; }
			server { location / { proxy_pass http://u; } }`)
		for _, target := range []string{"/first", "/last", "/again"} {
			status := 200
			if target == "/last" && method == "POST" {
				status = 502 // it was sent, and must not be sent twice
			}
			r := s.Do(method + " " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			if r.Status != status {
				t.Errorf("%s %s: %d", method, target, r.Status)
			}
		}
		if n := len(other.requests()); n != 0 {
			t.Errorf("%s: %d requests went to another peer", method, n)
		}
		if log := s.Log(); strings.Contains(log, "temporarily disabled") {
			t.Error(log)
		}
	}
}
