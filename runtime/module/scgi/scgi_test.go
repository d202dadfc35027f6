package scgi_test

import (
	"encoding/base64"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/core"
	"github.com/sluiceproxy/sluice/runtime/module/scgi"
)

// TestNUL: a parameter with a NUL in it is not sent, for it would end there and set another one.
func TestNUL(t *testing.T) {
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
			b := make([]byte, 4096)
			n, _ := c.Read(b)
			seen <- string(b[:n])
			_, _ = io.WriteString(c, "Status: 200 OK\r\n\r\nfine")
			_ = c.Close()
		}
	}()
	s := httptest.New(t, "server { location / { scgi_param USER $remote_user; scgi_pass "+l.Addr().String()+"; } }",
		core.Module(), pass.Module(), scgi.Module())
	for user, want := range map[string]int{"a": 200, "a\x00HTTP_X_ADMIN\x001": 500, "\x00": 500} {
		got := s.Get("/", "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(user+":x")))
		if got.Status != want {
			t.Errorf("%q: %d, want %d", user, got.Status, want)
		}
	}
	if got := <-seen; !strings.Contains(got, "USER\x00a\x00") || len(seen) > 0 {
		t.Errorf("sent %q and %d more", got, len(seen))
	}
	if log := s.Log(); strings.Count(log, "scgi request has a NUL in a parameter") != 2 {
		t.Errorf("logged: %s", log)
	}
}
