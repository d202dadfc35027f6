package slice_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/proxy"
	"github.com/sluiceproxy/sluice/runtime/module/ranges"
	"github.com/sluiceproxy/sluice/runtime/module/slice"
)

// origin is an upstream server of "0123456789": 4 bytes for each request, but those from the byte that the path names on as
// body says.
func origin(t *testing.T, body func(whole string) (head, body string)) (addr string) {
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
			var odd, from int
			for r := bufio.NewReader(c); ; {
				line, err := r.ReadString('\n')
				if err != nil || line == "\r\n" {
					break
				}
				_, _ = fmt.Sscanf(line, "GET /%d", &odd)
				_, _ = fmt.Sscanf(line, "Range: bytes=%d-", &from)
			}
			to := min(from+4, 10)
			text := "0123456789"[from:to]
			head := fmt.Sprintf("Content-Length: %d\r\n", len(text))
			if from == odd {
				head, text = body(text)
			}
			_, _ = fmt.Fprintf(c, "HTTP/1.1 206 OK\r\nETag: \"a\"\r\nContent-Range: bytes %d-%d/10\r\n%s\r\n%s", from, to-1, head, text)
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// TestWrongLength: a slice that is not as long as its range ends the response and its connection, wherever it is. What
// the client has been sent by then is right.
func TestWrongLength(t *testing.T) {
	for name, body := range map[string]func(whole string) (string, string){
		"cut short":     func(s string) (string, string) { return fmt.Sprintf("Content-Length: %d\r\n", len(s)), s[:1] },
		"short":         func(s string) (string, string) { return "Content-Length: 1\r\n", s[:1] },
		"short, closed": func(s string) (string, string) { return "", s[:1] },
		"empty":         func(string) (string, string) { return "Content-Length: 0\r\n", "" },
		"long":          func(s string) (string, string) { return fmt.Sprintf("Content-Length: %d\r\n", len(s)+1), s + "x" },
		"long, closed":  func(s string) (string, string) { return "", s + "x" },
	} {
		addr := origin(t, body)
		s := httptest.New(t, `server { slice 4; proxy_set_header Range $slice_range; location / { proxy_pass http://`+addr+`; } }`,
			pass.Module(), proxy.Module(), slice.Module(), ranges.BodyModule(), ranges.Module())
		for _, odd := range []int{0, 4, 8} {
			for _, field := range []string{"", "Range: bytes=1-8\r\n"} {
				c := s.Dial()
				_, _ = fmt.Fprintf(c, "GET /%d HTTP/1.1\r\nHost: a\r\n%s\r\n", odd, field)
				_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
				got, err := io.ReadAll(c) // up to the end of the connection
				_ = c.Close()
				_, sent, _ := strings.Cut(string(got), "\r\n\r\n")
				want := "0123456789"
				if field != "" {
					want = "12345678"
				}
				if err != nil || len(sent) >= len(want) || !strings.HasPrefix(want, sent) {
					t.Errorf("%s, slice at %d, %q: %q, %v, log %s", name, odd, field, got, err, s.Log())
				}
			}
		}
		if r := s.Get("/99"); r.Body != "0123456789" {
			t.Errorf("%s: whole slices: %q", name, r.Body)
		}
		if r := s.Do("HEAD /99 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); r.Status != 200 {
			t.Errorf("%s: HEAD: %d, log %s", name, r.Status, s.Log())
		}
	}
}
