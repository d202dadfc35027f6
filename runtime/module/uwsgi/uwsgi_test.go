package uwsgi_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/core"
	"github.com/sluiceproxy/sluice/runtime/module/uwsgi"
)

// TestPacket: what is sent, byte for byte, and that a packet which is too large is not.
func TestPacket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	seen := make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 100)
			n, _ := c.Read(b)
			seen <- string(b[:n])
			_, _ = io.WriteString(c, "\r\nfine")
			_ = c.Close()
		}
	}()
	s := httptest.New(t, "server { location / { uwsgi_pass_request_headers off; uwsgi_param A $arg_a; uwsgi_param HTTP_HOST \"\"; "+
		"uwsgi_modifier1 1; uwsgi_modifier2 2; uwsgi_string end; uwsgi_pass "+l.Addr().String()+"; } "+
		"location /large { uwsgi_param A $uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri$uri; uwsgi_pass "+l.Addr().String()+"; } }",
		core.Module(), pass.Module(), uwsgi.Module())
	if got := s.Get("/?a=bc"); got.Status != 200 || !strings.Contains(got.Body, "fine") {
		t.Errorf("%d %q", got.Status, got.Body)
	}
	if got, want := <-seen, "\x01\x0a\x00\x02\x01\x00A\x02\x00bcend"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := s.Get("/large" + strings.Repeat("x", 4000)); got.Status != 500 || len(seen) > 0 {
		t.Errorf("%d %q", got.Status, got.Body)
	}
	if log := s.Log(); !strings.Contains(log, "uwsgi request is too big: 68") {
		t.Errorf("logged: %s", log)
	}
}
