package proxy_test

import (
	"bufio"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
)

// answersFirst answers each request when it has the head, and reads the body then.
func answersFirst(r *bufio.Reader, c net.Conn) {
	for {
		h, err := readHead(r)
		if err != nil {
			return
		}
		if _, err := io.WriteString(c, ok); err != nil {
			return
		}
		n, _ := strconv.ParseInt(h.Get("Content-Length"), 10, 64)
		if _, err := io.CopyN(io.Discard, r, n); err != nil {
			return
		}
	}
}

func readHead(r *bufio.Reader) (textproto.MIMEHeader, error) {
	tp := textproto.NewReader(r)
	if _, err := tp.ReadLine(); err != nil {
		return nil, err
	}
	return tp.ReadMIMEHeader()
}

// TestEarlyAnswerKept: an answer that comes while the last bytes of the body leave
// ends the upload, and leaves a connection that is kept as it was before.
func TestEarlyAnswerKept(t *testing.T) {
	for _, buffering := range []string{"on", "off"} {
		t.Run(buffering, func(t *testing.T) {
			b := newBackend(t, keep(""))
			b.raw(answersFirst)
			s := serve(t, b, `upstream u { server BACKEND max_fails=0; keepalive 4; } server { client_body_buffer_size 1m;
				location / { proxy_request_buffering `+buffering+`; proxy_pass http://u; } }`)
			request := "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 70000\r\n\r\n" + strings.Repeat("x", 70000)
			for range 300 {
				if r := s.Do(request); r.Status != 200 {
					t.Fatalf("%+v\n%s", r, s.Log())
				}
			}
		})
	}
}
