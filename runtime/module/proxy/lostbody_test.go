package proxy_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLostBody: a request whose body could not be stored, or was passed on before the application failed, does not come to
// another application with the client's method and an empty body; one for an error page does.
func TestLostBody(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 8)
	b := newBackend(t, func(req string, c net.Conn) bool {
		line, _, _ := strings.Cut(req, "\r\n")
		asked <- line
		if strings.Contains(line, "/fails") {
			_, _ = io.WriteString(c, "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			return false
		}
		_, err := io.WriteString(c, ok)
		return err == nil
	})
	s := serve(t, b, `server { client_body_buffer_size 1k; proxy_http_version 1.1; proxy_intercept_errors on;
		location /stored/ { client_body_temp_path `+filepath.Join(dir, "temp")+`; error_page 500 502 = @other; proxy_pass http://BACKEND; }
		location /named { client_body_temp_path `+file+`; error_page 500 502 = @other; proxy_pass http://BACKEND; }
		location /page { client_body_temp_path `+file+`; error_page 500 502 = /error; proxy_pass http://BACKEND; }
		location /unbuffered/ { proxy_request_buffering off; error_page 500 502 = @other; proxy_pass http://BACKEND; }
		location /error { proxy_pass http://BACKEND; }
		location @other { rewrite ^ /other break; proxy_pass http://BACKEND; } }`)
	for _, c := range []struct {
		uri    string
		status int
		asked  string
	}{
		{"/stored/fails", 200, "[POST /stored/fails HTTP/1.1 POST /other HTTP/1.1]"},
		{"/named", 500, "[]"},
		{"/page", 200, "[GET /error HTTP/1.1]"},
		{"/unbuffered/fails", 500, "[POST /unbuffered/fails HTTP/1.1]"},
	} {
		r := s.Do("POST " + c.uri + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 50000\r\n\r\n" + strings.Repeat("x", 50000))
		var lines []string
		for len(asked) > 0 {
			lines = append(lines, <-asked)
		}
		if got := fmt.Sprint(lines); r.Status != c.status || got != c.asked {
			t.Errorf("%s: %d, asked %s, want %d, %s\n%s", c.uri, r.Status, got, c.status, c.asked, s.Log())
		}
	}
}
