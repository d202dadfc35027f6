package limits

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
)

// sink is an application that reads the bodies it is sent, whatever their size, and answers how many bytes they had.
func sink() [2]func(net.Conn) {
	return apps(script(func(a *appConn) {
		for {
			head := a.head()
			if head == "" {
				return
			}
			n := 0
			if _, v, ok := strings.Cut(head, "Content-Length: "); ok {
				v, _, _ = strings.Cut(v, "\r")
				length, _ := strconv.Atoi(v)
				n = a.skip(length)
			} else if strings.Contains(head, "chunked") {
				n = a.skipChunks()
			}
			text := strconv.Itoa(n)
			a.say("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
		}
	}))
}

// skip reads n bytes and returns how many came.
func (a *appConn) skip(n int) int {
	k, _ := a.in.Discard(n)
	return k
}

// skipChunks reads a chunked body and returns how many bytes it had.
func (a *appConn) skipChunks() (n int) {
	for {
		line, err := a.in.ReadString('\n')
		length, bad := strconv.ParseInt(strings.TrimRight(line, "\r\n"), 16, 64)
		if err != nil || bad != nil {
			return -1
		}
		n += a.skip(int(length))
		_, _ = a.in.ReadString('\n') // the end of the chunk, or of the body
		if length == 0 {
			return n
		}
	}
}

// bodies are requests whose body is as large as the client likes.
var bodies = []struct {
	name        string
	size        size
	head        string // what stands in front of the first block
	block, tail string
}{
	{"counted", 64 * mb, "Content-Length: %d\r\n\r\n", "x", ""},
	{"chunked", 64 * mb, "Transfer-Encoding: chunked\r\n\r\n", "1000\r\n" + strings.Repeat("x", 4096) + "\r\n", "0\r\n\r\n"},
	{"trailers", 40 * mb, "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", "a: " + strings.Repeat("b", 1019) + "\r\n", "\r\n"},
	{"a trailer", 40 * mb, "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\na:", "b", "\r\n\r\n"},
	{"a chunk extension", 40 * mb, "Transfer-Encoding: chunked\r\n\r\n1;", "x", "\r\nx\r\n0\r\n\r\n"},
}

// TestBody: of a request body no more stays in memory than the buffers that are configured, wherever it goes, and what
// belongs to its framing does not stay at all.
func TestBody(t *testing.T) {
	t.Parallel()
	set := setup{
		text: `
-- server.conf --
client_max_body_size 0;
lingering_time 60s;
error_page 405 =200 $uri;
location /return { return 200 ok; }
location /buffered { proxy_pass http://%%UPSTREAM%%; }
location /unbuffered { proxy_request_buffering off; proxy_http_version 1.1; proxy_pass http://%%UPSTREAM%%; }
location /static { }
location /denied { deny all; }
-- html/static --
here
`,
		apps: sink(),
	}
	for _, uri := range []string{"/return", "/static", "/denied", "/buffered", "/unbuffered"} {
		for _, b := range bodies {
			t.Run(uri+" "+b.name, func(t *testing.T) {
				t.Parallel()
				within(t, set, 24*mb, func(s *site) size { return upload(t, s, uri, b.head, b.block, b.tail, b.size) })
			})
		}
	}
}

// upload sends a body and a second request behind it, and returns how far the server's memory has grown.
func upload(t *testing.T, s *site, uri, head, block, tail string, n size) size {
	n -= n % size(len(block))
	if strings.Contains(head, "%d") {
		head = fmt.Sprintf(head, n)
	}
	return s.growth(func() {
		c := s.dial()
		c.send("POST " + uri + " HTTP/1.1\r\nHost: a\r\n" + head)
		if taken := c.stream(block, n); taken < n {
			t.Errorf("%s took %v of %v", s, taken, n)
		}
		c.send(tail + "GET /return?second HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		got := c.receive(patience)
		if n := strings.Count(got.text(), "HTTP/1.1 "); !got.closed || n != 2 {
			t.Errorf("%s: %d answers: %q", s, n, got.text())
		}
	})
}
