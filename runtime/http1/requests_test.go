package http1_test

import (
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/front/fronttest"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestPipelined: requests that come together are answered one after the other, at once.
func TestPipelined(t *testing.T) {
	for _, tc := range []timing{
		{name: "three", steps: []httptest.Step{at(0, get+get+get)}, want: `0s 200 "fine" 200 "fine" 200 "fine"; 8s closed`, served: "0s 200 27, 0s 200 27, 0s 200 27"},
		{
			name: "the last in two parts", steps: []httptest.Step{at(0, get+get[:9]), at(4*second, get[9:])},
			want: `0s 200 "fine"; 4s 200 "fine"; 12s closed`, served: "0s 200 27, 4s 200 27",
		},
		{
			name: "behind a body", steps: []httptest.Step{at(0, post("/body", 2, "")+"12"+get)},
			want: `0s 200 "12" 200 "fine"; 8s closed`, served: "0s 200 53, 0s 200 27",
		},
		{
			name: "behind one that is slow", steps: []httptest.Step{at(0, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"+get)},
			want: `5s 200 "fine" 200 "fine"; 13s closed`, served: "5s 200 31, 5s 200 27",
		},
	} {
		t.Run(tc.name, tc.play)
	}
}

// TestRefused: what is no request is answered and logged.
func TestRefused(t *testing.T) {
	for _, tc := range []timing{
		{name: "method", steps: []httptest.Step{at(0, "g@t / HTTP/1.1\r\n\r\n")}, want: "0s 400; 0s closed", served: "0s 400 0", logs: "client sent invalid method while reading client request line, client: 192.0.2.7, server: "},
		{name: "no host", steps: []httptest.Step{at(0, "GET / HTTP/1.1\r\n\r\n")}, want: "0s 400; 0s closed", served: "0s 400 18", logs: `client sent HTTP/1.1 request without "Host" header while reading client request headers`},
		{name: "length", steps: []httptest.Step{at(0, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")}, want: "0s 400; 0s closed", served: "0s 400 47", logs: `client sent invalid "Content-Length" header`},
		{
			name: "chunk", steps: []httptest.Step{at(0, "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab"), at(second, "cd\r\n")},
			want: "1s 400; 1s closed", served: "1s 400 69", logs: "client sent invalid chunked body",
		},
	} {
		t.Run(tc.name, tc.play)
	}
}

// TestChunkedInParts: a body in chunks is the same wherever it is cut.
func TestChunkedInParts(t *testing.T) {
	const request = "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=\"y\"\r\nhello\r\n1\r\n \r\n005\r\nworld\r\n0\r\nA: b\r\n\r\n"
	answers := &served{}
	httptest.Bubble(t, times+"server { }", func(t *testing.T, s *httptest.Server) {
		for i := 1; i < len(request); i++ {
			if got, want := s.Play(at(0, request[:i]), at(second, request[i:]+get), closes(2*second)), `1s 200 "hello world" 200 "fine"; 2s use of closed network connection`; got != want {
				t.Errorf("cut at %q: %s, want %s", request[i:], got, want)
			}
		}
		if got, want := s.Play(append(spread(request, 0, 10*time.Millisecond), closes(9*second))...), `1.04s 200 "hello world"; 9s use of closed network connection`; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}, answers.module())
}

// TestDroppedWhileAnswering: what a client sends of a body that nobody wants is read while its request waits, so that it can
// send all of it before it reads.
func TestDroppedWhileAnswering(t *testing.T) {
	const size = 10 * fronttest.Room
	answers := &served{}
	httptest.Bubble(t, times+"server { }", func(t *testing.T, s *httptest.Server) {
		began := time.Now()
		var sent time.Duration
		got := s.Play(at(0, post("/slow", size, "")), httptest.Step{At: second, Do: func(c *fronttest.Client) {
			_, _ = c.Write(make([]byte, size))
			sent = time.Since(began)
		}}, at(6*second, get))
		if want := `5s 200 "fine"; 6s 200 "fine"; 14s closed`; got != want || sent != second {
			t.Errorf("%s, want %s; the body was sent at %v", got, want, sent)
		}
	}, answers.module())
}

// TestHijack: a connection that goes on with another protocol has no times but that one's, and what came behind the request
// belongs to it.
func TestHijack(t *testing.T) {
	const upgrade = "GET /upgrade HTTP/1.1\r\nHost: a\r\n\r\n"
	(&timing{
		steps: []httptest.Step{at(0, upgrade+"first"), at(60*second, "second"), ends(120 * second)},
		want:  `0s 101 "first"; 1m0s "second"; 2m0s closed`, served: "2m0s 101 34",
	}).play(t)
}
