package proxy_test

import (
	"bufio"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
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

// TestAnswerBesideStuckUpload: a server that has begun to answer need not read the
// rest of the request: however long it takes, the response arrives whole.
func TestAnswerBesideStuckUpload(t *testing.T) {
	for _, buffering := range []string{"on", "off"} {
		t.Run(buffering, func(t *testing.T) {
			b := newBackend(t, keep(""))
			b.raw(func(r *bufio.Reader, c net.Conn) {
				if _, err := readHead(r); err != nil {
					return
				}
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none")
				time.Sleep(time.Second) // longer than proxy_send_timeout
				_, _ = io.WriteString(c, "two")
			})
			s := serve(t, b, `server { client_max_body_size 0; proxy_send_timeout 200ms; location / {
				proxy_request_buffering `+buffering+`; proxy_pass http://BACKEND; } }`)
			client := s.Dial()
			defer func() { _ = client.Close() }()
			var sending sync.WaitGroup
			sending.Go(func() {
				_, _ = io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: "+strconv.Itoa(2*len(big))+"\r\n\r\n")
				_, _ = client.Write(big)
				_, _ = client.Write(big)
			})
			_ = client.SetReadDeadline(time.Now().Add(20 * time.Second))
			if body := readBody(t, client); string(body) != "onetwo" {
				t.Errorf("%q\n%s", body, s.Log())
			}
			_ = client.Close()
			sending.Wait()
		})
	}
}

// TestStreamNotKept: a connection on which a body was sent in chunks serves another
// request only where the head says that there are chunks, and nothing else.
func TestStreamNotKept(t *testing.T) {
	for _, c := range []struct {
		name, conf string
		kept       bool
	}{
		{"as usual", "", true},
		{"no encoding", `proxy_set_header Transfer-Encoding "";`, false},
		{"a length of nothing", "proxy_set_header Content-Length 0;", false},
		{"a length of its own", "proxy_set_header Content-Length $http_x_length;", false},
		{"no length", `proxy_set_header Content-Length "";`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var accepted atomic.Int32
			begun := make(chan bool)
			b := local(t, func(n int, r *bufio.Reader, conn net.Conn) {
				accepted.Add(1)
				for i := 0; ; i++ {
					if _, err := readHead(r); err != nil {
						return
					}
					if n+i == 0 {
						close(begun)
						for line := ""; line != "0\r\n"; {
							var err error
							if line, err = r.ReadString('\n'); err != nil {
								return
							}
						}
						_, _ = r.ReadString('\n')
					}
					_, _ = io.WriteString(conn, ok)
				}
			})
			s := serve(t, b, "upstream u { server BACKEND; keepalive 1; } server { location / { proxy_request_buffering off; "+
				c.conf+" proxy_pass http://u; } location /next { proxy_pass http://u; } }")
			client := s.Dial()
			defer func() { _ = client.Close() }()
			_, _ = io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n")
			<-begun
			_, _ = io.WriteString(client, "0\r\n\r\n")
			if body := readBody(t, client); string(body) != "ok" {
				t.Errorf("%q", body)
			}
			s.Get("/next")
			if n := accepted.Load(); (n == 1) != c.kept {
				t.Errorf("%d connections", n)
			}
		})
	}
}
