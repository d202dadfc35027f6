package healthcheck_test

import (
	"bufio"
	"io"
	"net"
	"testing"

	server "github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestProxyProtocol: a check begins its connection with a header that names no client: UNKNOWN, or LOCAL in version 2.
// A kept one gets no second header.
func TestProxyProtocol(t *testing.T) {
	for _, c := range []struct{ version, header string }{
		{"v1", "PROXY UNKNOWN\r\n"},
		{"v2", "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x07\x03\x00\x04\xa9\xb8\x7e\x8f"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		first, second := make(chan string, 1), make(chan string, 1)
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer func() { _ = conn.Close() }()
			in := bufio.NewReader(conn)
			header := make([]byte, len(c.header))
			if _, err := io.ReadFull(in, header); err != nil {
				return
			}
			first <- string(header)
			lines := ""
			for range 2 {
				line, _ := in.ReadString('\n')
				for end := line; end != "\r\n"; {
					if end, err = in.ReadString('\n'); err != nil {
						return
					}
				}
				lines += line
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
			second <- lines
			_, _ = in.ReadByte()
		}()
		s := server.New(t, `upstream u { zone z 64k; server `+l.Addr().String()+`; }
			server { location / { proxy_pass http://u; proxy_protocol `+c.version+`; health_check interval=10ms keepalive_time=1h; } }`,
			modules()...)
		if got := <-first; got != c.header {
			t.Errorf("%s: %q", c.version, got)
		}
		if got := <-second; got != "GET / HTTP/1.1\r\nGET / HTTP/1.1\r\n" {
			t.Errorf("%s: %q, %s", c.version, got, s.Log())
		}
	}
}
