package limits

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// leavingConf has a location for each thing that is under way while its client leaves.
const leavingConf = `
fill: html/large 20000000
-- http.conf --
log_format status "$uri $status";
proxy_http_version 1.1;
server {
    listen %%ADDR%%;
    listen %%ADDR_2%% ssl;
    ssl_certificate certs/localhost.pem;
    ssl_certificate_key certs/localhost.key;
    access_log logs/access.log status;
    root html;
    location /large { }
    location /small { return 200 "here"; }
    location /spooled { proxy_pass http://%%UPSTREAM%%; }
    location /passed { proxy_buffering off; proxy_pass http://%%UPSTREAM%%; }
    location /ignored { proxy_ignore_client_abort on; proxy_buffering off; proxy_pass http://%%UPSTREAM%%; }
    location /upload { proxy_request_buffering off; proxy_pass http://%%UPSTREAM%%; }
    location /early { proxy_request_buffering off; proxy_buffering off; proxy_pass http://%%UPSTREAM%%; }
}
`

// large is an application that answers at once, with more than the client and the sockets take, or with the beginning of it. It
// tells spooled when all of an answer was taken that the server keeps in a file.
func large(a *appConn, spooled chan<- bool) {
	f := strings.Fields(a.head())
	switch {
	case len(f) > 1 && f[1] == "/early":
		a.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
	case len(f) > 1 && f[1] != "/upload":
		a.say("HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n%s", strings.Repeat("x", 20000000))
		if f[1] == "/spooled" {
			spooled <- true
		}
	}
	_, _ = io.Copy(io.Discard, a.in) // until the server closes
}

// leaving is a client that sends and receives something, and then leaves.
type leaving struct {
	path, send string
	until      string // what it receives first
	how        string // "reset", "TLS": a reset of a TLS connection, or "": in order
}

// TestLeaving: what the logs say of a client that closes its connection in order, or with a reset, is what nginx says.
func TestLeaving(t *testing.T) {
	t.Parallel()
	const (
		head   = "GET PATH HTTP/1.1\r\nHost: a\r\n\r\n"
		post   = "POST PATH HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234"
		chunks = "POST PATH HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome"
	)
	for _, c := range []leaving{
		{"/large", head, "\r\n\r\n", "reset"},
		{"/large", head, "\r\n\r\n", "TLS"},
		{"/spooled", head, "\r\n\r\n", "reset"},
		{"/passed", head, "\r\n\r\n", "reset"},
		{"/passed", head, "\r\n\r\n", "TLS"},
		{"/ignored", head, "\r\n\r\n", "reset"},
		{"/small", head, "here", "reset"},
		{"/small", head, "here", "TLS"},
		{"/small", head, "here", ""},
		{"/small", "GET PATH", "", "reset"},
		{"/small", "GET PATH", "", "TLS"},
		{"/small", "GET PATH HTTP/1.1\r\nHost", "", "TLS"},
		{"/spooled", post, "", "reset"},
		{"/spooled", post, "", "TLS"},
		{"/upload", post, "", "reset"},
		{"/upload", post, "", "TLS"},
		{"/upload", post, "", ""},
		{"/upload", chunks, "", "reset"},
		{"/upload", chunks, "", ""},
		{"/early", post, "some", "reset"},
		{"/early", post, "some", ""},
	} {
		t.Run(strings.Join(strings.Fields(c.path+" "+c.send[:8]+" "+c.how), "-"), func(t *testing.T) {
			t.Parallel()
			spooled := make(chan bool, 2*tries)
			set := setup{text: leavingConf, apps: apps(script(func(a *appConn) { large(a, spooled) }))}
			var nginx, sluice string
			for range tries { // what is under way when a client leaves depends on how busy the machine is
				nginx, sluice = start(t, oracle(), set).leaves(c, spooled), start(t, tested(), set).leaves(c, spooled)
				if nginx == sluice {
					return
				}
			}
			t.Errorf("nginx:\n%s\nthe server under test:\n%s", nginx, sluice)
		})
	}
}

// leaves plays a client and returns what is logged when it leaves.
func (s *site) leaves(l leaving, spooled <-chan bool) string {
	s.t.Helper()
	c := s.dial()
	raw := c.conn
	if l.how == "TLS" {
		c = s.dialTLS(2, nil)
		secure, _ := c.conn.(interface{ NetConn() net.Conn })
		raw = secure.NetConn()
	}
	c.send(strings.Replace(l.send, "PATH", l.path, 1))
	if l.until != "" {
		c.receiveUntil(l.until, patience)
	}
	if l.path == "/spooled" && l.until != "" {
		select {
		case <-spooled:
		case <-time.After(patience):
			s.t.Errorf("%s does not take the answer", s)
		}
	}
	time.Sleep(500 * time.Millisecond) // until it waits, which shows nowhere
	before := len(s.read("logs/error.log"))
	if l.how != "" {
		tcp, _ := raw.(*net.TCPConn)
		must(s.t, tcp.SetLinger(0))
	}
	must(s.t, raw.Close())
	line := func() string { return s.read("logs/error.log")[before:] }
	harness.Eventually(5*time.Second, func() bool { return line() != "" && s.read("logs/access.log") != "" })
	return lineStart.ReplaceAllString(line(), "$1 ") + s.read("logs/access.log")
}
