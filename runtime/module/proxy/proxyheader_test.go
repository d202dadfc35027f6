package proxy_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sluiceproxy/sluice/internal/testcert"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/realip"
)

// withRealIP are the modules with realip, by which clients at the test's unix socket have addresses.
func withRealIP() []httpd.Module { return append([]httpd.Module{realip.Module()}, modules()...) }

// accepting makes b a peer that wants a header of version 1 in front of each connection. Its answers are "HEADER N":
// the header, and the number of the connection.
func accepting(b *backend) *backend {
	var conns atomic.Int32
	b.raw(func(r *bufio.Reader, c net.Conn) {
		n := conns.Add(1)
		header, err := r.ReadString('\n')
		if err != nil {
			return
		}
		for {
			if _, err := readRequest(r); err != nil {
				return
			}
			text := fmt.Sprintf("%s %d", strings.TrimSuffix(header, "\r\n"), n)
			if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text); err != nil {
				return
			}
		}
	})
	return b
}

const fromField = "set_real_ip_from unix:; real_ip_header X-Real-IP; "

func TestProxyProtocolHeader(t *testing.T) {
	for _, c := range []struct{ name, conf, client, want string }{
		{"unix socket", "proxy_protocol on;", "", "PROXY UNKNOWN\r\n"},
		{"v1", "proxy_protocol v1;", "", "PROXY UNKNOWN\r\n"},
		{"realip", fromField + "proxy_protocol on;", "192.0.2.1:77", "PROXY TCP4 192.0.2.1 0.0.0.0 77 0\r\n"},
		{"no port", fromField + "proxy_protocol on;", "192.0.2.1", "PROXY TCP4 192.0.2.1 0.0.0.0 0 0\r\n"},
		{"IPv6", fromField + "proxy_protocol ON;", "[2001:db8::1]:77", "PROXY TCP6 2001:db8::1 :: 77 0\r\n"},
		{"mapped", fromField + "proxy_protocol on;", "[::ffff:192.0.2.1]:77", "PROXY TCP4 192.0.2.1 0.0.0.0 77 0\r\n"},
		{"version 2, unix socket", "proxy_protocol v2;", "", "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x07\x03\x00\x04"},
		{
			"version 2", fromField + "proxy_protocol v2;", "192.0.2.1:77",
			"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x13\xc0\x00\x02\x01\x00\x00\x00\x00\x00\x4d\x00\x00\x03\x00\x04",
		},
		{"off again", "proxy_protocol off;", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBackend(t, nil)
			seen := make(chan string, 1)
			b.raw(func(r *bufio.Reader, conn net.Conn) {
				var all []byte
				for head := -1; head < 0 || !bytes.Contains(all[head:], []byte("\r\n\r\n")); head = bytes.Index(all, []byte("GET ")) {
					one, err := r.ReadByte()
					if err != nil {
						break
					}
					all = append(all, one)
				}
				seen <- string(all)
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
			})
			s := httptest.New(t, "proxy_protocol on; server { location / { proxy_pass http://"+b.addr+"; "+c.conf+" } }", withRealIP()...)
			if got := s.Get("/", "X-Real-IP: "+c.client).Status; got != 200 {
				t.Fatalf("%d, %s", got, s.Log())
			}
			got := <-seen
			rest, found := strings.CutPrefix(got, c.want)
			if c.conf == "proxy_protocol off;" && !strings.HasPrefix(got, "GET / ") {
				t.Errorf("%q", got)
			}
			if !found || !strings.Contains(rest, "GET / HTTP/1.1\r\nHost: ") {
				t.Errorf("%q", got)
			}
		})
	}
}

// conversation requests pages on one connection.
func conversation(t *testing.T, s *httptest.Server) func(fields ...string) string {
	t.Helper()
	return ntlmClient(t, s.Dial())
}

// TestProxyProtocolKept: a kept connection serves the client alone that its header names, address and port.
func TestProxyProtocolKept(t *testing.T) {
	b := accepting(newBackend(t, nil))
	s := httptest.New(t, "upstream u { server "+b.addr+"; keepalive 10; } "+fromField+`
		server { location / { proxy_pass http://u; proxy_protocol on; } }`, withRealIP()...)
	ask := conversation(t, s)
	for _, c := range []struct{ client, want string }{
		{"192.0.2.1:10", "PROXY TCP4 192.0.2.1 0.0.0.0 10 0 1"},
		{"192.0.2.1:10", "PROXY TCP4 192.0.2.1 0.0.0.0 10 0 1"},
		{"192.0.2.2:10", "PROXY TCP4 192.0.2.2 0.0.0.0 10 0 2"},
		{"192.0.2.1:11", "PROXY TCP4 192.0.2.1 0.0.0.0 11 0 3"},
		{"[2001:db8::1]:10", "PROXY TCP6 2001:db8::1 :: 10 0 4"},
		{"192.0.2.2:10", "PROXY TCP4 192.0.2.2 0.0.0.0 10 0 2"},
		{"192.0.2.1:10", "PROXY TCP4 192.0.2.1 0.0.0.0 10 0 1"},
		{"nobody", "PROXY UNKNOWN 5"}, // of no client, so any such one may use it again
		{"nobody", "PROXY UNKNOWN 5"},
	} {
		if got := ask("X-Real-IP: " + c.client); got != c.want {
			t.Errorf("%s: %s, want %s", c.client, got, c.want)
		}
	}
}

// TestProxyProtocolMixed: connections with a header and without are not exchanged.
func TestProxyProtocolMixed(t *testing.T) {
	b := newBackend(t, nil)
	var conns atomic.Int32
	b.raw(func(r *bufio.Reader, c net.Conn) {
		n := conns.Add(1)
		for {
			req, err := readRequest(r)
			if err != nil {
				return
			}
			line, _, _ := strings.Cut(req, "\r\n")
			text := fmt.Sprintf("%d %s", n, line)
			if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text); err != nil {
				return
			}
		}
	})
	s := httptest.New(t, "upstream u { server "+b.addr+`; keepalive 10; }
		server { proxy_pass_request_headers off;
			location / { proxy_pass http://u; if ($http_x) { rewrite ^ /header break; proxy_pass http://u; } }
			location /on { proxy_protocol on; proxy_pass http://u/; } }`, withRealIP()...)
	ask := func(path string) string { return s.Get(path).Body }
	for _, c := range [][2]string{
		{"/", "1 GET / HTTP/1.1"}, {"/on", "2 PROXY UNKNOWN"}, {"/", "1 GET / HTTP/1.1"}, {"/on", "2 GET / HTTP/1.1"},
	} {
		if got := ask(c[0]); got != c[1] {
			t.Errorf("%s: %s, want %s", c[0], got, c[1])
		}
	}
}

// TestProxyProtocolTLS: the header comes first, in plain text, and TLS after it.
func TestProxyProtocolTLS(t *testing.T) {
	b := newBackend(t, nil)
	cert := testcert.New(t)
	b.raw(func(r *bufio.Reader, c net.Conn) {
		header, err := r.ReadString('\n')
		if err != nil {
			return
		}
		server := tls.Server(buffered{c, r}, &tls.Config{Certificates: []tls.Certificate{cert}})
		in := bufio.NewReader(server)
		for {
			if _, err := readRequest(in); err != nil {
				return
			}
			text := strings.TrimSpace(header)
			if _, err := fmt.Fprintf(server, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text); err != nil {
				return
			}
		}
	})
	s := httptest.New(t, "upstream u { server "+b.addr+"; keepalive 10; } "+fromField+`
		server { location / { proxy_pass https://u; proxy_protocol on; } }`, withRealIP()...)
	ask := conversation(t, s)
	for _, c := range [][2]string{
		{"192.0.2.1:10", "PROXY TCP4 192.0.2.1 0.0.0.0 10 0"},
		{"192.0.2.1:11", "PROXY TCP4 192.0.2.1 0.0.0.0 11 0"}, // with the same session, but another connection
		{"192.0.2.1:10", "PROXY TCP4 192.0.2.1 0.0.0.0 10 0"},
	} {
		if got := ask("X-Real-IP: " + c[0]); got != c[1] {
			t.Errorf("%s: %s", c[0], got)
		}
	}
}

// TestProxyProtocolNext: the next server gets the header, too, and so does one that has closed a kept connection.
func TestProxyProtocolNext(t *testing.T) {
	bad, good := newBackend(t, nil), accepting(newBackend(t, nil))
	seen := make(chan string, 1)
	bad.raw(func(r *bufio.Reader, _ net.Conn) {
		req, _ := readRequest(r)
		seen <- req
	})
	s := httptest.New(t, "upstream u { server "+bad.addr+" max_fails=0; server "+good.addr+"; } "+fromField+`
		server { location / { proxy_pass http://u; proxy_protocol on; } }`, withRealIP()...)
	const header = "PROXY TCP4 192.0.2.1 0.0.0.0 10 0"
	if got := s.Get("/", "X-Real-IP: 192.0.2.1:10").Body; got != header+" 1" {
		t.Errorf("%s, %s", got, s.Log())
	}
	if got := <-seen; !strings.HasPrefix(got, header+"\r\nGET / ") {
		t.Errorf("the first was sent %q", got)
	}

	once := newBackend(t, nil)
	var conns atomic.Int32
	once.raw(func(r *bufio.Reader, c net.Conn) { // answers once on a connection, and says that it stays open
		line, _ := r.ReadString('\n')
		if _, err := readRequest(r); err != nil {
			return
		}
		_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n%5.5s %d", line, conns.Add(1))
		_, _ = readRequest(r)
	})
	s = httptest.New(t, "upstream u { server "+once.addr+`; keepalive 4; }
		server { location / { proxy_pass http://u; proxy_protocol on; } }`, withRealIP()...)
	ask := conversation(t, s)
	if got := []string{ask(), ask(), ask()}; strings.Join(got, ", ") != "PROXY 1, PROXY 2, PROXY 3" {
		t.Errorf("%q", got)
	}
}

func TestProxyProtocolLoad(t *testing.T) {
	for text, want := range map[string]string{
		"proxy_protocol v3;":                              `invalid value "v3"`,
		"proxy_protocol 1;":                               `invalid value "1"`,
		"proxy_protocol;":                                 `invalid number of arguments in "proxy_protocol" directive`,
		"proxy_protocol on v2;":                           `invalid number of arguments in "proxy_protocol" directive`,
		"proxy_protocol on; proxy_protocol on;":           `"proxy_protocol" directive is duplicate`,
		"location / { if ($uri) { proxy_protocol on; } }": `"proxy_protocol" directive is not allowed here`,
	} {
		_, err := httptest.Load(t, "server { "+text+" }", modules()...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
