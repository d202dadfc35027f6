package http1_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluiceproxy/sluice/runtime/front/fronttest"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestHeadTimes: client_header_timeout is for all of a head, from the accept or from the first byte of a later request on.
func TestHeadTimes(t *testing.T) {
	for _, tc := range []timing{
		{name: "silent", want: "5s closed", logs: "client timed out (110: Connection timed out) while waiting for request"},
		{
			name: "a byte a second", steps: spread(get, second/2, second), want: "5s closed", served: "5s 408 0",
			logs: "client timed out (110: Connection timed out) while reading client request line",
		},
		{
			name: "a line, and a byte a second", steps: steps([]httptest.Step{at(4*second, get[:18])}, spread(get[18:], 4300*time.Millisecond, 200*time.Millisecond)),
			want: "5s closed", served: "5s 408 16", logs: "client timed out (110: Connection timed out) while reading client request headers",
		},
		{name: "in time", steps: []httptest.Step{at(2*second, get[:20]), at(4900*time.Millisecond, get[20:])}, want: `4.9s 200 "fine"; 12.9s closed`, served: "4.9s 200 27"},
		{
			name: "a later request", steps: steps([]httptest.Step{at(0, get)}, spread(get, 3*second, 900*time.Millisecond)),
			want: `0s 200 "fine"; 8s closed`, served: "0s 200 27, 8s 408 0", logs: "client timed out",
		},
		{name: "left", steps: []httptest.Step{ends(2 * second)}, want: "2s closed", logs: "client closed connection while waiting for request"},
		{
			name: "left in the head", steps: []httptest.Step{at(second, "GET /"), ends(2 * second)}, want: "2s closed", served: "2s 400 0",
			logs: `client prematurely closed connection while reading client request line`,
		},
		{name: "reset", steps: []httptest.Step{resets(2 * second)}, want: "2s use of closed network connection", logs: "recv() failed (104: Connection reset by peer) while waiting for request"},
	} {
		t.Run(tc.name, tc.play)
	}
}

// TestKeepaliveTimes: keepalive_timeout counts from each answer on. A server that quits gives a connection half a second, or
// keepalive_min_timeout, since then.
func TestKeepaliveTimes(t *testing.T) {
	for _, tc := range []timing{
		{name: "silent", steps: []httptest.Step{at(second, get)}, want: `1s 200 "fine"; 9s closed`, served: "1s 200 27"},
		{
			name: "one more", steps: []httptest.Step{at(0, get), at(7900*time.Millisecond, get)},
			want: `0s 200 "fine"; 7.9s 200 "fine"; 15.9s closed`, served: "0s 200 27, 7.9s 200 27",
		},
		{name: "short", conf: "keepalive_timeout 300ms;", steps: []httptest.Step{at(0, get)}, want: `0s 200 "fine"; 300ms closed`, served: "0s 200 27"},
		{name: "none", conf: "keepalive_timeout 0;", steps: []httptest.Step{at(0, get)}, want: `0s 200 "fine"; 0s closed`, served: "0s 200 27"},
		{
			name: "left", steps: []httptest.Step{at(0, get), ends(3 * second)}, want: `0s 200 "fine"; 3s closed`, served: "0s 200 27",
			logs: "client 192.0.2.7 closed keepalive connection",
		},
		{
			name: "requests", conf: "keepalive_requests 2;", steps: []httptest.Step{at(0, get), at(second, get)},
			want: `0s 200 "fine"; 1s 200 "fine"; 1s closed`, served: "0s 200 27, 1s 200 27",
		},
		{
			name: "all the time", conf: "keepalive_time 3s;", steps: []httptest.Step{at(0, get), at(2*second, get), at(4*second, get)},
			want: `0s 200 "fine"; 2s 200 "fine"; 4s 200 "fine"; 4s closed`, served: "0s 200 27, 2s 200 27, 4s 200 27",
		},
	} {
		t.Run(tc.name, tc.play)
	}
	for _, tc := range []struct {
		name, conf string
		quit       time.Duration
		steps      []httptest.Step
		want       string
	}{
		{"quit", "", 3 * second, nil, `0s 200 "fine"; 3s closed`},
		{"quit soon", "", 200 * time.Millisecond, nil, `0s 200 "fine"; 500ms closed`},
		{"quit before keepalive_min_timeout", "keepalive_min_timeout 5s;", 3 * second, nil, `0s 200 "fine"; 5s closed`},
		{"quit, and one more", "keepalive_min_timeout 5s;", 3 * second, []httptest.Step{at(4*second, get)}, `0s 200 "fine"; 4s 200 "fine"; 4s closed`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			answers := &served{}
			httptest.Bubble(t, times+"server { "+tc.conf+" }", func(t *testing.T, s *httptest.Server) {
				quit := httptest.Step{At: tc.quit, Do: func(*fronttest.Client) { go s.Instance().Quit() }}
				if got := s.Play(append([]httptest.Step{at(0, get), quit}, tc.steps...)...); got != tc.want {
					t.Errorf("%s, want %s", got, tc.want)
				}
			}, answers.module())
		})
	}
}

// post begins a request with a body of n bytes.
func post(path string, n int, fields string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n%s\r\n", path, n, fields)
}

// TestBodyTimes: client_body_timeout is between two reads. A body that nobody wants is read for lingering_time at most, and
// for lingering_timeout without a byte.
func TestBodyTimes(t *testing.T) {
	for _, tc := range []timing{
		{
			name: "a byte in three seconds", steps: steps([]httptest.Step{at(0, post("/body", 5, ""))}, spread("12345", 3*second, 3*second)),
			want: `15s 200 "12345"; 23s closed`, served: "15s 200 56",
		},
		{name: "stops", steps: []httptest.Step{at(0, post("/body", 5, "")), at(3*second, "1")}, want: "7s closed", served: "7s 408 52"},
		{
			name: "left", steps: []httptest.Step{at(0, post("/body", 5, "")), at(second, "1"), ends(2 * second)}, want: "2s closed", served: "2s 400 52",
			logs: "client prematurely closed connection",
		},
		{
			name: "expected", steps: []httptest.Step{at(0, post("/body", 2, "Expect: 100-continue\r\n")), at(second, "12")},
			want: `0s "HTTP/1.1 100 Continue\r\n\r\n"; 1s 200 "12"; 9s closed`, served: "1s 200 75",
		},
		{name: "refused, and nothing comes", steps: []httptest.Step{at(0, post("/refused", 5, ""))}, want: "0s 403; 2s closed", served: "2s 403 54"},
		{
			name: "refused, and it comes", steps: []httptest.Step{at(0, post("/refused", 5, "")), at(second, "12"), at(2*second, "345"+get)},
			want: `0s 403; 2s 200 "fine"; 10s closed`, served: "2s 403 54, 2s 200 27",
		},
		{
			name: "refused, and it comes slowly", steps: steps([]httptest.Step{at(0, post("/refused", 100, ""))}, spread(strings.Repeat("x", 50), second/2, second)),
			want: "0s 403; 10s closed", served: "10s 403 56",
		},
		{
			name: "too large", conf: "client_max_body_size 4;", steps: steps([]httptest.Step{at(0, post("/body", 5, ""))}, spread(strings.Repeat("x", 5), second, second)),
			want: "0s 413; 5s closed", served: "5s 413 51", logs: "client intended to send too large body: 5 bytes",
		},
	} {
		t.Run(tc.name, tc.play)
	}
}

// TestLingering: after the last answer of a connection the client is read from, as lingering_close says.
func TestLingering(t *testing.T) {
	const last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	more := spread(strings.Repeat("x", 50), second, 1500*time.Millisecond)
	for _, tc := range []timing{
		{name: "nothing left", steps: []httptest.Step{at(0, last)}, want: `0s 200 "fine"; 0s closed`, served: "0s 200 46"},
		{name: "always", conf: "lingering_close always;", steps: steps([]httptest.Step{at(0, last)}, more), want: `0s 200 "fine"; 0s closed`, served: "0s 200 46"},
		{name: "bytes left", steps: []httptest.Step{at(0, last+"more")}, want: `0s 200 "fine"; 0s closed`, served: "0s 200 46"},
		{
			name: "bytes left, off", conf: "lingering_close off;", steps: []httptest.Step{at(0, last+strings.Repeat("x", 2000))},
			want: `0s 200 "fine"; 0s connection reset by peer`, served: "0s 200 46",
		},
	} {
		t.Run(tc.name, tc.play)
	}
	for _, tc := range []struct{ every, left time.Duration }{ // left: when a client that sends that often finds that nobody reads
		{2001 * time.Millisecond, 2001 * time.Millisecond},
		{1999 * time.Millisecond, 6 * 1999 * time.Millisecond},
		{999 * time.Millisecond, 11 * 999 * time.Millisecond},
	} {
		t.Run(tc.every.String(), func(t *testing.T) {
			answers := &served{}
			httptest.Bubble(t, times+"lingering_close always; server { }", func(t *testing.T, s *httptest.Server) {
				began := time.Now()
				c := s.Client()
				c.Send(last)
				if got, want := httptest.Watch(c, began), `0s 200 "fine"; 0s closed`; got != want {
					t.Errorf("%s, want %s", got, want)
				}
				for n, err := time.Duration(1), error(nil); err == nil; n++ {
					time.Sleep(n*tc.every - time.Since(began))
					_, err = io.WriteString(c, "x")
				}
				if took := time.Since(began); took != tc.left {
					t.Errorf("read for %v, want %v", took, tc.left)
				}
				_ = c.Close()
			}, answers.module())
		})
	}
}

// TestSendTimes: send_timeout is between two successful writes.
func TestSendTimes(t *testing.T) {
	for _, tc := range []struct {
		name   string
		every  time.Duration // the client reads what has come
		served string
		logs   string
	}{
		{"a client that does not read", 0, "3s 200 32", "client timed out (110: Connection timed out), client: 192.0.2.7"},
		{"a slow one", 2 * second, "32s 200 32", ""},
		{"one that is too slow", 4 * second, "3s 200 32", "client timed out"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			answers := &served{}
			httptest.Bubble(t, times+"server { }", func(t *testing.T, s *httptest.Server) {
				answers.began = time.Now()
				c := s.Client()
				c.Send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
				for range 20 {
					if tc.every == 0 {
						time.Sleep(second)
						continue
					}
					time.Sleep(tc.every)
					_, _ = c.Read(make([]byte, fronttest.Room))
				}
				_ = c.Close()
				synctest.Wait()
				if got := answers.String(); got != tc.served {
					t.Errorf("%s, want %s", got, tc.served)
				}
				if log := s.Log(); tc.logs == "" && log != "" || !strings.Contains(log, tc.logs) {
					t.Errorf("logged: %s", log)
				}
			}, answers.module())
		})
	}
}
