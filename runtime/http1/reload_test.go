package http1_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/front/fronttest"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestReloadTimes: what another configuration, three seconds after the last answer, does to a connection that waits for a
// request, and to one whose request is under way.
func TestReloadTimes(t *testing.T) {
	const slow = "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, tc := range []struct {
		name  string
		text  string // of the other configuration
		first string
		then  []httptest.Step
		want  string
	}{
		{"the same", times + "server { }", get, nil, `0s 200 "fine"; 8s closed`},
		{"a shorter time", "keepalive_timeout 1s; server { }", get, nil, `0s 200 "fine"; 4s closed`},
		{"a longer time", "keepalive_timeout 60s; server { }", get, nil, `0s 200 "fine"; 8s closed`},
		{
			"a longer time, and a request", "keepalive_timeout 60s; server { }", get,
			[]httptest.Step{at(5*second, get)},
			`0s 200 "fine"; 5s 200 "fine"; 1m5s closed`,
		},
		{"no time", "keepalive_timeout 0; server { }", get, nil, `0s 200 "fine"; 3s closed`},
		{"no address", "server  { }", get, nil, `0s 200 "fine"; 3s closed`},
		{"no address, and a request under way", "server  { }", slow, nil, `5s 200 "fine"; 5.5s closed`},
		{"a PROXY header", "server  { listen unix:DIR/s proxy_protocol; }", get, nil, `0s 200 "fine"; 3s closed`},
		{"a request under way", "keepalive_timeout 1s; server { }", slow, nil, `5s 200 "fine"; 13s closed`},
		{"no request yet", "client_header_timeout 1s; server { }", "", nil, "5s closed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			answers := &served{}
			httptest.Bubble(t, times+"server { }", func(t *testing.T, s *httptest.Server) {
				reload := httptest.Step{At: 3 * second, Do: func(*fronttest.Client) { s.Reload(strings.ReplaceAll(tc.text, "DIR", s.Dir), answers.module()) }}
				if got := s.Play(append([]httptest.Step{at(0, tc.first), reload}, tc.then...)...); got != tc.want {
					t.Errorf("%s, want %s", got, tc.want)
				}
			}, answers.module())
		})
	}
}

// TestQuitTimes: a server that quits leaves half a second to a client that has connected and sent nothing.
func TestQuitTimes(t *testing.T) {
	for _, tc := range []struct {
		name string
		quit time.Duration
		then []httptest.Step
		want string
	}{
		{"soon", 100 * time.Millisecond, nil, "500ms closed"},
		{"late", 2 * second, nil, "2s closed"},
		{"and a request comes", 100 * time.Millisecond, []httptest.Step{at(front.QuitGrace-time.Millisecond, get)}, `499ms 200 "fine"; 499ms closed`},
		{"under way", second, []httptest.Step{at(900*time.Millisecond, get[:9]), at(2*second, get[9:])}, `2s 200 "fine"; 2s closed`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			answers := &served{}
			httptest.Bubble(t, times+"server { }", func(t *testing.T, s *httptest.Server) {
				var steps []httptest.Step
				quit := httptest.Step{At: tc.quit, Do: func(*fronttest.Client) { go s.Instance().Quit() }}
				for _, step := range append(tc.then, httptest.Step{At: time.Hour}) {
					if quit.Do != nil && step.At > quit.At {
						steps = append(steps, quit)
						quit.Do = nil
					}
					steps = append(steps, step)
				}
				if got := s.Play(steps[:len(steps)-1]...); got != tc.want {
					t.Errorf("%s, want %s", got, tc.want)
				}
			}, answers.module())
		})
	}
}
