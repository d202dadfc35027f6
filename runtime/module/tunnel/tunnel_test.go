package tunnel_test

import (
	"bufio"
	"io"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/authbasic"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
	"github.com/sluiceproxy/sluice/runtime/module/tunnel"
)

func modules() []httpd.Module {
	return []httpd.Module{pass.Module(), tunnel.Module(), rewrite.Module(), authbasic.Module()}
}

// echo is a peer that sends back what comes, and ends when the other side has.
func echo(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// dead returns an address that refuses connections.
func dead(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// connect sends a request and reads the head of the response.
func connect(t *testing.T, s *httptest.Server, request string) (c net.Conn, r *bufio.Reader, status string, head textproto.MIMEHeader) {
	t.Helper()
	c = s.Dial()
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	r = bufio.NewReader(c)
	tp := textproto.NewReader(r)
	status, err := tp.ReadLine()
	if err != nil {
		t.Fatal(err)
	}
	if head, err = tp.ReadMIMEHeader(); err != nil {
		t.Fatal(err)
	}
	return c, r, status, head
}

// TestTunnel: bytes flow both ways, those that came with the request first, and the end of
// one side is that of the tunnel.
func TestTunnel(t *testing.T) {
	addr := echo(t)
	for _, conf := range []string{
		`server { tunnel_pass; }`,
		`server { tunnel_pass $host:$request_port; }`,
		`server { location / { tunnel_pass ` + addr + `; } }`,
		`server { location / { if ($request_method = CONNECT) { tunnel_pass; break; } return 404; } }`,
		`upstream app { server ` + dead(t) + `; server ` + addr + `; } server { tunnel_pass app; }`,
		`server { tunnel_buffer_size 1k; tunnel_pass; }`,
	} {
		t.Run(conf, func(t *testing.T) {
			s := httptest.New(t, conf, modules()...)
			c, r, status, head := connect(t, s, "CONNECT "+addr+" HTTP/1.1\r\nHost: "+addr+"\r\n\r\nearly ")
			if status != "HTTP/1.1 200 OK" || head.Get("Connection") != "close" ||
				head.Get("Transfer-Encoding") != "" || head.Get("Content-Length") != "" || head.Get("Content-Type") != "" {
				t.Fatalf("%s %v", status, head)
			}
			large := strings.Repeat("0123456789abcdef", 20000)
			for i, want := range []string{"early ", "one ", large, "two"} {
				if i > 0 {
					go func() { _, _ = io.WriteString(c, want) }()
				}
				got := make([]byte, len(want))
				if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
					t.Fatalf("%d: %q, %v", i, got[:min(len(got), 20)], err)
				}
			}
			if err := c.(*net.UnixConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
				t.Errorf("%q, %v", rest, err)
			}
		})
	}
}

// TestExpect: a client that asks whether it may go on is told so, as nginx does.
func TestExpect(t *testing.T) {
	s := httptest.New(t, `server { tunnel_pass `+echo(t)+`; }`, modules()...)
	_, _, status, _ := connect(t, s, "CONNECT app:80 HTTP/1.1\r\nHost: app\r\nExpect: 100-continue\r\n\r\n")
	if status != "HTTP/1.1 100 Continue" {
		t.Errorf("%q", status)
	}
}

// TestRefused: what gets no tunnel, and what the error log says.
func TestRefused(t *testing.T) {
	up, none := echo(t), dead(t)
	const tail = "\r\nHost: a\r\n\r\n"
	for _, c := range []struct{ name, conf, request, status, log string }{
		{"another method", "tunnel_pass;", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "405", ""},
		{"HTTP/1.0", "tunnel_pass;", "CONNECT " + up + " HTTP/1.0" + tail, "405", "client sent CONNECT method"},
		{"no tunnel_pass in the server", "location / { return 200; }", "CONNECT " + up + " HTTP/1.1" + tail, "405", "client sent CONNECT method"},
		{"a body", "tunnel_pass;", "CONNECT " + up + " HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", "400", "client sent CONNECT request with body"},
		{"chunks", "tunnel_pass;", "CONNECT " + up + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400", "client sent CONNECT request with body"},
		{"no port", "tunnel_pass;", "CONNECT a HTTP/1.1" + tail, "400", "client sent invalid request"},
		{"an empty port", "tunnel_pass;", "CONNECT a: HTTP/1.1" + tail, "400", "client sent invalid request"},
		{"no host", "tunnel_pass;", "CONNECT :80 HTTP/1.1" + tail, "400", "client sent invalid host"},
		{"a port too large", "tunnel_pass;", "CONNECT a:65536 HTTP/1.1" + tail, "400", "client sent invalid host"},
		{"a path", "tunnel_pass;", "CONNECT a:80/ HTTP/1.1" + tail, "400", "client sent invalid request"},
		{"userinfo", "tunnel_pass;", "CONNECT u:p@a:80 HTTP/1.1" + tail, "400", "client sent invalid request"},
		{"no Host", "tunnel_pass;", "CONNECT a:80 HTTP/1.1\r\n\r\n", "400", `without "Host" header`},
		{"nobody listens", "tunnel_pass;", "CONNECT " + none + " HTTP/1.1" + tail, "502", "connect() failed (111: Connection refused) while connecting to upstream"},
		{"no resolver", "tunnel_pass;", "CONNECT name.test:80 HTTP/1.1" + tail, "502", "no resolver defined to resolve name.test"},
		{"an address from a variable that is none", `tunnel_pass "$http_x";`, "CONNECT a:80 HTTP/1.1" + tail, "500", `no host in upstream ""`},
		{"another peer is not asked", "tunnel_pass app; tunnel_next_upstream off;", "CONNECT a:80 HTTP/1.1" + tail, "502", "Connection refused"},
		{"one try", "tunnel_pass app; tunnel_next_upstream_tries 1;", "CONNECT a:80 HTTP/1.1" + tail, "502", "Connection refused"},
		{"variables", `tunnel_pass; location / { return 403 "$host|$request_port|$request_uri|$uri|$http_host"; }`, "CONNECT Aa.b:12 HTTP/1.1\r\nHost: c:5\r\n\r\n", "403 aa.b|12|/|/|c:5", ""},
		{"a password", `auth_basic proxy; auth_basic_user_file /none; tunnel_pass;`, "CONNECT " + up + " HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YTpi\r\n\r\n", "407", "no user/password was provided for basic authentication"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.New(t, "upstream app { server "+none+"; server "+up+" backup; } server { "+c.conf+" }", modules()...)
			conn, r, status, head := connect(t, s, c.request)
			want, body, _ := strings.Cut(c.status, " ")
			if !strings.HasPrefix(status, "HTTP/1.1 "+want+" ") {
				t.Errorf("%s, want %s", status, want)
			}
			rest, _ := io.ReadAll(r)
			if body != "" && string(rest) != body {
				t.Errorf("body %q, want %q", rest, body)
			}
			if want == "407" && head.Get("Proxy-Authenticate") != `Basic realm="proxy"` {
				t.Errorf("%v", head)
			}
			_ = conn.Close()
			if !strings.Contains(s.Log(), c.log) {
				t.Errorf("the log is %q, want %q", s.Log(), c.log)
			}
		})
	}
}

// TestSilence: a tunnel through which nothing comes ends after tunnel_read_timeout.
func TestSilence(t *testing.T) {
	s := httptest.New(t, `server { tunnel_read_timeout 50ms; tunnel_pass; }`, modules()...)
	c, r, _, _ := connect(t, s, "CONNECT "+echo(t)+" HTTP/1.1\r\nHost: a\r\n\r\n")
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
	_ = c.Close()
	const want = "upstream timed out (110: Connection timed out) while proxying upgraded connection"
	if !strings.Contains(s.Log(), want) {
		t.Errorf("the log is %q", s.Log())
	}
}

// TestWrong: configurations that do not load.
func TestWrong(t *testing.T) {
	for _, c := range []struct{ conf, want string }{
		{"server { tunnel_pass; tunnel_pass; }", `"tunnel_pass" directive is duplicate`},
		{"server { tunnel_pass a:b; }", `invalid port in upstream "a:b"`},
		{"server { tunnel_next_upstream http_500; }", `invalid value "http_500"`},
		{"tunnel_pass;", `"tunnel_pass" directive is not allowed here`},
		{"server { tunnel_bind x; }", `invalid address "x"`},
	} {
		if _, err := httptest.Load(t, c.conf, modules()...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.conf, err, c.want)
		}
	}
}
