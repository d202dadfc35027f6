package limits

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// fault is what an application does wrong once it has a request.
type fault struct {
	name   string
	do     func(a *appConn)
	status int
	// cut: the client must be able to tell that the response is not complete.
	cut bool
	// slow: the answer comes when memcached_read_timeout and the like are over.
	slow bool
}

// flood sends a text again and again, 40 MB in all, or until the server closes.
func flood(a *appConn, text string) {
	text = strings.Repeat(text, 1+(64<<10)/len(text))
	for n := 0; n < 40<<20; n += len(text) {
		if _, err := a.Write([]byte(text)); err != nil {
			return
		}
	}
}

// cgiFaults are those of an application behind uwsgi or SCGI.
var cgiFaults = []fault{
	{name: "closes", do: func(*appConn) {}, status: 502},
	{name: "resets", do: func(a *appConn) { a.reset() }, status: 502},
	{name: "is silent", do: func(a *appConn) { _, _ = io.Copy(io.Discard, a) }, status: 504, slow: true},
	{name: "closes within the header", do: func(a *appConn) { a.say("Status: 200 OK\r\nX-A") }, status: 502},
	{name: "resets within the header", do: func(a *appConn) { a.say("Status: 200 OK\r\nX-A"); a.reset() }, status: 502},
	{name: "is silent within the header", do: func(a *appConn) { a.say("Status: 200 OK\r\n"); _, _ = io.Copy(io.Discard, a) }, status: 504, slow: true},
	{name: "sends a line without an end", do: func(a *appConn) { a.say("X-A: "); flood(a, "x") }, status: 502},
	{name: "sends fields for ever", do: func(a *appConn) { flood(a, "X-A: b\r\n") }, status: 502},
	{name: "sends a status line without an end", do: func(a *appConn) { a.say("HTTP/1.1 200 "); flood(a, "OK") }, status: 502},
	{name: "sends status lines for ever", do: func(a *appConn) { flood(a, "HTTP/1.1 200 OK\r\n") }, status: 502},
	{name: "sends a wrong status", do: func(a *appConn) { a.say("Status: none\r\n\r\nbody") }, status: 502},
	{name: "sends two lengths", do: func(a *appConn) { a.say("Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody") }, status: 502},
	{name: "sends a length and an encoding", do: func(a *appConn) { a.say("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nbody") }, status: 502},
	{name: "sends a negative length", do: func(a *appConn) { a.say("Content-Length: -4\r\n\r\nbody") }, status: 502},
	{name: "sends a NUL", do: func(a *appConn) { a.say("X-A: b\x00c\r\n\r\nbody") }, status: 502},
	{name: "sends a bare CR", do: func(a *appConn) { a.say("X-A: b\rX-B: c\r\n\r\nbody") }, status: 502},
	{name: "sends less than it says", do: func(a *appConn) { a.say("Content-Length: 100\r\n\r\nbody") }, status: 200, cut: true},
	{name: "resets within the body", do: func(a *appConn) { a.say("Content-Length: 100\r\n\r\nbody"); a.pause(50 * time.Millisecond); a.reset() }, status: 200, cut: true},
	{name: "resets a body without a length", do: func(a *appConn) { a.say("\r\nbody"); a.pause(50 * time.Millisecond); a.reset() }, status: 200, cut: true},
	{name: "is silent within the body", do: func(a *appConn) { a.say("Content-Length: 100\r\n\r\nbody"); _, _ = io.Copy(io.Discard, a) }, status: 200, cut: true, slow: true},
	{name: "sends more than it says", do: func(a *appConn) { a.say("Content-Length: 4\r\n\r\nbody"); flood(a, "more") }, status: 200},
	{name: "sends a body behind 204", do: func(a *appConn) { a.say("Status: 204\r\n\r\n"); flood(a, "more") }, status: 204},
}

// memcachedFaults are those of memcached.
var memcachedFaults = []fault{
	{name: "closes", do: func(*appConn) {}, status: 502},
	{name: "resets", do: func(a *appConn) { a.reset() }, status: 502},
	{name: "is silent", do: func(a *appConn) { _, _ = io.Copy(io.Discard, a) }, status: 504, slow: true},
	{name: "closes within the line", do: func(a *appConn) { a.say("VALUE k") }, status: 502},
	{name: "sends a line without an end", do: func(a *appConn) { a.say("VALUE k 0 5"); flood(a, "5") }, status: 502},
	{name: "sends an error", do: func(a *appConn) { a.say("SERVER_ERROR out of memory\r\n") }, status: 502},
	{name: "sends another key", do: func(a *appConn) { a.say("VALUE j 0 5\r\nhello\r\nEND\r\n") }, status: 502},
	{name: "sends a wrong length", do: func(a *appConn) { a.say("VALUE k 0 -5\r\nhello\r\nEND\r\n") }, status: 502},
	{name: "sends a length that is too large", do: func(a *appConn) { a.say("VALUE k 0 99999999999999999999\r\nhello\r\nEND\r\n") }, status: 502},
	{name: "sends less than it says", do: func(a *appConn) { a.say("VALUE k 0 100\r\nhello") }, status: 200, cut: true},
	{name: "resets within the value", do: func(a *appConn) {
		a.say("VALUE k 0 100\r\nhello")
		a.pause(50 * time.Millisecond)
		a.reset()
	}, status: 200, cut: true},
	{name: "is silent within the value", do: func(a *appConn) { a.say("VALUE k 0 100\r\nhello"); _, _ = io.Copy(io.Discard, a) }, status: 200, cut: true, slow: true},
	{name: "sends a wrong trailer", do: func(a *appConn) { a.say("VALUE k 0 5\r\nhello\r\nDEN\r\n") }, status: 200},
	{name: "sends more behind the value", do: func(a *appConn) { a.say("VALUE k 0 5\r\nhello\r\nEND\r\n"); flood(a, "VALUE k 0 5\r\n") }, status: 200},
	{name: "has nothing, and sends more", do: func(a *appConn) { a.say("END\r\n"); flood(a, "END\r\n") }, status: 404},
}

// forever sends a text again and again until the server closes.
func forever(a *appConn, text string) {
	text = strings.Repeat(text, 1+(64<<10)/len(text))
	for {
		if _, err := a.Write([]byte(text)); err != nil {
			return
		}
	}
}

const chunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

// httpFaults are those of an application behind HTTP that sends without an end, or hardly anything.
var httpFaults = []fault{
	{name: "sends a status line without an end", do: func(a *appConn) { a.say("HTTP/1.1 200 "); flood(a, "OK") }, status: 502},
	{name: "sends a line without an end", do: func(a *appConn) { a.say("HTTP/1.1 200 OK\r\nX-A: "); flood(a, "x") }, status: 502},
	{name: "sends a name without an end", do: func(a *appConn) { a.say("HTTP/1.1 200 OK\r\n"); flood(a, "x") }, status: 502},
	{name: "sends fields for ever", do: func(a *appConn) { a.say("HTTP/1.1 200 OK\r\n"); flood(a, "X-A: b\r\n") }, status: 502},
	{name: "sends fields for ever, slowly", do: func(a *appConn) {
		a.say("HTTP/1.1 200 OK\r\n")
		for _, err := a.Write([]byte("X-A: b\r\n")); err == nil; _, err = a.Write([]byte("X-A: b\r\n")) {
			a.pause(50 * time.Millisecond)
		}
	}, status: 504, slow: true},
	{name: "sends early hints for ever", do: func(a *appConn) { forever(a, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n") }, status: 504, slow: true},
	{name: "sends interim responses for ever", do: func(a *appConn) { flood(a, "HTTP/1.1 100 Continue\r\n\r\n") }, status: 100},
	{name: "sends digits of a chunk's size for ever", do: func(a *appConn) { a.say(chunkedHead); flood(a, "0") }, status: 200, cut: true},
	{name: "sends an extension of a chunk for ever", do: func(a *appConn) { a.say(chunkedHead + "4;"); flood(a, "x") }, status: 200, cut: true},
	{name: "sends trailers for ever", do: func(a *appConn) { a.say(chunkedHead + "4\r\nbody\r\n0\r\n"); flood(a, "X-A: b\r\n") }, status: 200, cut: true},
	{name: "sends chunks of a byte", do: func(a *appConn) { a.say(chunkedHead); flood(a, "1\r\nb\r\n") }, status: 200, cut: true},
	{name: "sends more than it says", do: func(a *appConn) { a.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"); flood(a, "more") }, status: 200},
	{name: "sends more behind the last chunk", do: func(a *appConn) { a.say(chunkedHead + "4\r\nbody\r\n0\r\n\r\n"); flood(a, "more") }, status: 200},
	{name: "sends a body behind 204", do: func(a *appConn) { a.say("HTTP/1.1 204 None\r\n\r\n"); flood(a, "more") }, status: 204},
	{name: "drips", do: func(a *appConn) {
		for _, b := range []byte("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody") {
			a.say("%c", b)
			a.pause(5 * time.Millisecond)
		}
	}, status: 200},
}

// readHTTP reads a request without a body.
func readHTTP(in io.Reader) (*harness.GatewayRequest, error) {
	var head []byte
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		var b [1]byte
		if _, err := io.ReadFull(in, b[:]); err != nil {
			return nil, err
		}
		head = append(head, b[0])
	}
	return &harness.GatewayRequest{Text: string(head)}, nil
}

// TestGatewayFaults: applications behind HTTP, gRPC, uwsgi, SCGI and memcached that break off, are silent, or send what the protocol does
// not allow get the status that nginx 1.31.5 gives, in time and without memory for what they send; and no client takes a response
// that is cut short for a complete one.
func TestGatewayFaults(t *testing.T) {
	t.Parallel()
	const (
		timeout = time.Second
		bound   = 12 * mb * harness.Generosity // of 40 that are sent, at a time
	)
	for _, protocol := range []struct {
		name, conf string
		read       func(io.Reader) (*harness.GatewayRequest, error)
		faults     []fault
	}{
		{"http", "proxy_read_timeout 1s; proxy_pass http://%%UPSTREAM%%;", readHTTP, httpFaults},
		{"http unbuffered", "proxy_read_timeout 1s; proxy_buffering off; proxy_pass http://%%UPSTREAM%%;", readHTTP, httpFaults},
		{"http 2", "proxy_read_timeout 1s; proxy_http_version 2; proxy_pass_trailers on; proxy_pass http://%%UPSTREAM%%;", readH2, h2Faults},
		{"grpc", "grpc_read_timeout 1s; grpc_pass %%UPSTREAM%%;", readH2, h2Faults},
		{"uwsgi", "uwsgi_read_timeout 1s; uwsgi_param DOCUMENT_URI $document_uri; uwsgi_pass %%UPSTREAM%%;", harness.ReadUWSGI, cgiFaults},
		{"scgi", "scgi_read_timeout 1s; scgi_param DOCUMENT_URI $document_uri; scgi_pass %%UPSTREAM%%;", harness.ReadSCGI, cgiFaults},
		{"memcached", "memcached_read_timeout 1s; set $memcached_key k; memcached_pass %%UPSTREAM%%;", harness.ReadMemcached, memcachedFaults},
	} {
		t.Run(protocol.name, func(t *testing.T) {
			t.Parallel()
			for _, f := range protocol.faults {
				t.Run(f.name, func(t *testing.T) {
					t.Parallel()
					app := func(c net.Conn) {
						if _, err := protocol.read(c); err == nil {
							script(f.do)(c)
						}
					}
					conf := protocol.conf
					if !f.slow { // it ends by itself, whatever time that takes
						conf = strings.Replace(conf, "_timeout 1s;", "_timeout 5m;", 1)
					}
					set := setup{text: "-- http.conf --\nserver { listen %%ADDR%%; location / { " + conf + " } }\n", apps: apps(app)}
					s := start(t, tested(), set)
					if grown := s.growth(func() { f.check(t, s, timeout) }); grown > bound {
						t.Errorf("%v more memory, want at most %v", grown, bound)
					}
				})
			}
		})
	}
}

// busy is how long a machine that is busy with other tests may take for what takes no time.
const busy = 30 * time.Second

// check asks once and looks at the answer.
func (f *fault) check(t *testing.T, s *site, timeout time.Duration) {
	t.Helper()
	c := s.dial()
	c.send("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	got := c.receive(patience)
	text := got.text()
	if got.status() != f.status || !got.closed {
		t.Errorf("%s: status %d, closed %t, %.200q, want %d", s, got.status(), got.closed, text, f.status)
	}
	if f.slow && got.ended < timeout-50*time.Millisecond || !f.slow && got.ended > busy {
		t.Errorf("%s: ended after %v", s, got.ended)
	}
	if f.cut == whole(text) && f.status == 200 {
		t.Errorf("%s: cut %t: %q", s, f.cut, text)
	}
}

// whole reports whether a client takes a response for complete.
func whole(text string) bool {
	head, body, ok := strings.Cut(text, "\r\n\r\n")
	if !ok {
		return false
	}
	if strings.Contains(head, "Transfer-Encoding: chunked") {
		return strings.HasSuffix(body, "0\r\n\r\n")
	}
	var length int
	for line := range strings.Lines(head) {
		if _, err := fmt.Sscanf(line, "Content-Length: %d", &length); err == nil {
			return len(body) == length
		}
	}
	return true
}
