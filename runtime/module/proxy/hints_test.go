package proxy_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// TestHintsBeforeHeader: early hints take no room in the buffer, wherever it ends: the header behind them may be there in
// part.
func TestHintsBeforeHeader(t *testing.T) {
	const size = 128 // proxy_buffer_size
	b := newBackend(t, func(req string, c net.Conn) bool {
		var n int
		_, _ = fmt.Sscanf(req, "GET /%d ", &n)
		_, err := io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: "+strings.Repeat("x", n)+"\r\n\r\n"+ok)
		return err == nil
	})
	s := serve(t, b, fmt.Sprintf("server { location / { proxy_buffer_size %d; proxy_pass http://BACKEND; } }", size))
	for n := 1; n <= size-len("HTTP/1.1 103 Early Hints\r\nLink: \r\n\r\n"); n++ {
		if r := s.Get(fmt.Sprintf("/%d", n)); r.Status != 200 || r.Body != "ok" {
			t.Errorf("Link of %d bytes: %d %q", n, r.Status, r.Body)
		}
	}
}
