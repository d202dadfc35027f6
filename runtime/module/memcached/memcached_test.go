package memcached_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/core"
	"github.com/sluiceproxy/sluice/runtime/module/memcached"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

// TestKeptConnections: a connection whose answer ended as it should serves the next request, any other one is closed.
func TestKeptConnections(t *testing.T) {
	for _, tc := range []struct {
		name, answer, method string
		status, conns        int
	}{
		{"value", "VALUE k 0 5\r\nhello\r\nEND\r\n", "GET", 200, 1},
		{"empty value", "VALUE k 0 0\r\n\r\nEND\r\n", "GET", 200, 1},
		{"no value", "END\r\n", "GET", 404, 1},
		{"more behind no value", "END\r\nEND\r\n", "GET", 404, 3},
		{"more behind a value", "VALUE k 0 5\r\nhello\r\nEND\r\nEND\r\n", "GET", 200, 3},
		{"wrong trailer", "VALUE k 0 5\r\nhello\r\nENDED", "GET", 200, 3},
		{"error", "ERROR\r\n", "GET", 502, 3},
		{"the value is not read", "VALUE k 0 5\r\nhello\r\nEND\r\n", "HEAD", 200, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			var conns atomic.Int64
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					conns.Add(1)
					go func() {
						defer func() { _ = c.Close() }()
						for in := bufio.NewReader(c); ; {
							if line, err := in.ReadString('\n'); err != nil || line != "get k\r\n" {
								return
							}
							_, _ = io.WriteString(c, tc.answer)
						}
					}()
				}
			}()
			s := httptest.New(t, "upstream m { server "+l.Addr().String()+" max_fails=0; keepalive 4; } "+
				"server { set $memcached_key k; location / { memcached_pass m; } }",
				core.Module(), pass.Module(), memcached.Module(), rewrite.Module())
			for range 3 {
				got := s.Do(tc.method + " / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
				if got.Status != tc.status {
					t.Errorf("%d, want %d", got.Status, tc.status)
				}
			}
			if n := int(conns.Load()); n != tc.conns {
				t.Errorf("%d connections, want %d\n%s", n, tc.conns, s.Log())
			}
		})
	}
}

// TestCut: a value without its trailer is complete for the client, and its end is logged.
func TestCut(t *testing.T) {
	for answer, want := range map[string]string{
		"VALUE k 0 5\r\nhello":      "upstream prematurely closed connection",
		"VALUE k 0 5\r\nhello\r\nE": "upstream prematurely closed connection",
		"VALUE k 0 9\r\nhello":      "upstream prematurely closed connection",
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 100))
			_, _ = io.WriteString(c, answer)
			_ = c.Close()
		}()
		s := httptest.New(t, "server { set $memcached_key k; location / { memcached_pass "+l.Addr().String()+"; } }",
			core.Module(), pass.Module(), memcached.Module(), rewrite.Module())
		if got := s.Get("/"); got.Status != 200 || got.Body != "hello" {
			t.Errorf("%q: %d %q", answer, got.Status, got.Body)
		}
		if log := s.Log(); !strings.Contains(log, want) {
			t.Errorf("%q: logged: %s", answer, log)
		}
		_ = l.Close()
	}
}
