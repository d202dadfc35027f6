package limits

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// abortConf has a location for each thing a request may wait for while its client leaves.
const abortConf = `
-- http.conf --
log_format abort "$uri $status $body_bytes_sent";
limit_req_zone $server_addr zone=slow:1m rate=6r/m;
proxy_http_version 1.1;
proxy_set_header Connection "";
resolver RESOLVER ipv6=off;
server {
    listen %%ADDR%%;
    listen %%ADDR_2%% ssl;
    ssl_certificate certs/localhost.pem;
    ssl_certificate_key certs/localhost.key;
    access_log logs/access.log abort;
    root html;
    location /connect/ { proxy_pass http://FULL/; }
    location /handshake/ { proxy_pass https://%%UPSTREAM%%/; }
    location /resolve/ { set $x 1; proxy_pass http://name$x.example/; }
    location /wait/ { proxy_pass http://%%UPSTREAM%%/; }
    location /wait-off/ { proxy_buffering off; proxy_pass http://%%UPSTREAM%%/; }
    location /upload/ { proxy_pass http://%%UPSTREAM%%/; }
    location /unbuffered/ { proxy_request_buffering off; proxy_pass http://%%UPSTREAM%%/; }
    location /include/ { ssi on; try_files /page.html =404; }
    location /auth/ { auth_request /wait/silent; }
    location /held/ { proxy_pass http://%%UPSTREAM%%/; }
    location /body/ { proxy_pass http://%%UPSTREAM%%/; }
    location /pause/ { proxy_limit_rate 1; proxy_pass http://%%UPSTREAM%%/; }
    location /delay/ { limit_req zone=slow burst=5; root html; }
    location /rate/ { limit_rate 10; alias html/; }
    location /first/ { alias html/; }
    location /rate-both/ { limit_rate 10; proxy_request_buffering off; proxy_pass http://%%UPSTREAM%%/; }
}
-- html/page.html --
before <!--#include virtual="/wait/silent" --> after
`

// silence is an application that says what the path asks for, and then nothing until the server leaves.
var silence = script(func(a *appConn) {
	f := strings.Fields(a.head())
	if len(f) > 1 {
		switch f[1] {
		case "/length":
			a.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
		case "/chunk":
			a.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n")
		}
	}
	_, _ = io.Copy(io.Discard, a.in)
})

// fullBacklog is an address where connections are neither accepted nor refused.
func fullBacklog(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })
	must(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(t, syscall.Listen(fd, 0))
	sa, err := syscall.Getsockname(fd)
	must(t, err)
	in, _ := sa.(*syscall.SockaddrInet4)
	addr := fmt.Sprintf("127.0.0.1:%d", in.Port)
	for range 4 { // those beyond the backlog wait for ever
		c, err := net.DialTimeout("tcp", addr, 200*time.Millisecond)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	t.Fatal("the backlog has no end")
	return ""
}

// lineStart is what differs at the beginning of two error logs, and addresses.
var lineStart = regexp.MustCompile(`(?m)^\S+ \S+ (\[\w+\]) \d+#\d+: \*\d+ |127\.0\.0\.1:\d+`)

// complaint is the line of the error log about the client that left. Whether it left with a reset depends on what it had
// not read.
func (s *site) complaint() string {
	for line := range strings.Lines(s.read("logs/error.log")) {
		if strings.Contains(line, "prematurely closed") {
			return lineStart.ReplaceAllString(strings.Replace(strings.TrimSpace(line), " (104: Connection reset by peer)", "", 1), "$1 ")
		}
	}
	return ""
}

// TestAborts: a client that leaves is noticed at once whatever its request waits for, and said to be in nginx's words.
func TestAborts(t *testing.T) {
	dns, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = dns.Close() })
	text := strings.NewReplacer("RESOLVER", dns.LocalAddr().String(), "FULL", fullBacklog(t)).Replace(abortConf)
	for _, c := range []struct{ path, send string }{
		{"/connect/x", ""},
		{"/handshake/x", ""},
		{"/resolve/x", ""},
		{"/wait/silent", ""},
		{"/wait/silent", "TLS"},
		{"/wait/silent", "second"},
		{"/wait-off/silent", ""},
		{"/upload/silent", "POST"},
		{"/unbuffered/silent", "POST"},
		{"/include/silent", ""},
		{"/auth/silent", ""},
		{"/held/length", ""},
		{"/body/chunk", ""},
		{"/pause/chunk", ""},
		{"/delay/x", ""},
		{"/rate/page.html", ""},
		{"/rate-both/length", "part"},
		{"/rate-both/length", "POST"},
	} {
		t.Run(strings.Trim(c.path, "/")+c.send, func(t *testing.T) {
			var said [2]string
			measure := func(s *site) time.Duration {
				took, lines := s.abort(c.path, c.send)
				if s.binary == lab.Oracle {
					said[0] = lines
				} else {
					said[1] = lines
				}
				return took
			}
			for range tries { // what a request waits for when its client leaves depends on how busy the machine is
				beside(t, setup{text: text, apps: apps(silence)}, 60*time.Millisecond, measure)
				if t.Failed() || said[0] == said[1] {
					return
				}
			}
			t.Errorf("nginx:\n%s\nthe server under test:\n%s", said[0], said[1])
		})
	}
}

// abort makes a request, leaves while it waits, and returns how long it took until that was logged, and what was.
func (s *site) abort(path, kind string) (time.Duration, string) {
	s.t.Helper()
	head := "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"
	c := s.dial()
	switch kind {
	case "TLS":
		c = s.dialTLS(2, nil)
	case "POST":
		head = "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789"
	case "part":
		head = "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234"
	case "second": // on a connection that has been idle
		c.send("GET /first/page.html HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0\r\n\r\n")
		c.receiveUntil("\r\n\r\nb", patience)
		time.Sleep(100 * time.Millisecond)
	}
	if strings.HasPrefix(path, "/delay/") {
		other := s.dial()
		other.send(head)
		other.receiveUntil("\r\n\r\n", patience)
	}
	c.send(head)
	time.Sleep(300 * time.Millisecond) // until it waits, which shows nowhere
	before := strings.Count(s.read("logs/access.log"), "\n")
	if raw, ok := c.conn.(interface{ NetConn() net.Conn }); ok {
		_ = raw.NetConn().Close()
	} else {
		_ = c.conn.Close()
	}
	begun := time.Now()
	for strings.Count(s.read("logs/access.log"), "\n") == before {
		if time.Since(begun) > patience {
			s.t.Fatalf("%s: nothing was logged for %s", s, path)
		}
		time.Sleep(time.Millisecond)
	}
	took := time.Since(begun)
	lines := strings.SplitAfter(strings.TrimSpace(s.read("logs/access.log")), "\n")
	return took, lines[len(lines)-1] + "\n" + s.complaint()
}
