package authrequest_test

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/authrequest"
	"github.com/sluiceproxy/sluice/runtime/module/emptygif"
	"github.com/sluiceproxy/sluice/runtime/module/proxy"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

// peer answers every connection with response and returns its address.
func peer(t *testing.T, response string) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			in := bufio.NewReader(c)
			for line := ""; line != "\r\n" && err == nil; {
				line, err = in.ReadString('\n')
			}
			_, _ = io.WriteString(c, response)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-over })
	return ln.Addr().String()
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		name, check string
		want        int
		log         string
	}{
		{"200", "return 200;", 200, ""},
		{"204", "return 204;", 200, ""},
		{"403", "return 403;", 403, ""},
		{"401", "return 401;", 401, ""},
		{"404", "return 404;", 500, "auth request unexpected status: 404"},
		{"301", "return 301 /x;", 500, "auth request unexpected status: 301"},
		{"407", "return 407;", 500, "auth request unexpected status: 407"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.New(t, "server { location / { auth_request /check; empty_gif; } location = /check { "+c.check+" } }",
				emptygif.Module(), rewrite.Module(), authrequest.Module())
			if got := s.Get("/").Status; got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
			if log := s.Log(); c.log == "" && strings.Contains(log, "unexpected") || !strings.Contains(log, c.log) {
				t.Errorf("log %q, want %q", log, c.log)
			}
		})
	}
}

// TestChallenges: what the upstream server asks for reaches the client, whether
// the location passes it on or not.
func TestChallenges(t *testing.T) {
	addr := peer(t, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=a\r\nWWW-Authenticate: Digest realm=b\r\nContent-Length: 0\r\n\r\n")
	want := []string{"Basic realm=a", "Digest realm=b"}
	for _, c := range []struct{ name, conf string }{
		{"passed", ""},
		{"hidden", "proxy_hide_header WWW-Authenticate;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.New(t, "server { location / { auth_request /check; empty_gif; } location = /check { "+c.conf+" proxy_pass http://"+addr+"; } }",
				pass.Module(), emptygif.Module(), proxy.Module(), authrequest.Module())
			if got := s.Get("/").Header["Www-Authenticate"]; !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}
