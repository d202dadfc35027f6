package http1_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/front/fronttest"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// served notes the requests that were logged: when, with which status, and how many bytes of them were counted.
type served struct {
	mu    sync.Mutex
	began time.Time
	notes []string
}

func (s *served) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.notes, ", ")
}

// module answers by the path.
func (s *served) module() httpd.Module {
	return httpd.Module{Name: "answers", Register: func(b *httpd.Builder, _ *conf.Module) {
		status, _ := b.Vars.Compile("$status $request_length")
		b.Plan(func(p *httpd.Plan) {
			p.AddContent(answer)
			p.Log(func(r *httpd.Request) httpd.Result {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.notes = append(s.notes, fmt.Sprintf("%v %s", time.Since(s.began).Truncate(time.Microsecond), status.Eval(r)))
				return httpd.OK
			})
		})
	}}
}

func answer(r *httpd.Request) httpd.Result {
	switch string(r.URI) {
	case "/refused":
		return httpd.StatusForbidden
	case "/body":
		if rc := r.ReadBody(); rc != httpd.OK {
			return rc
		}
		return r.Respond(200, nil, r.Body.Mem)
	case "/slow":
		if rc := r.DiscardBody(); rc != httpd.OK {
			return rc
		}
		r.Sleep(5000)
	case "/large":
		return r.Respond(200, nil, bytes.Repeat([]byte("x"), 1<<20))
	case "/upgrade":
		return echo(r)
	}
	return r.Respond(200, nil, []byte("fine"))
}

// echo is a protocol that a connection is upgraded to: what comes goes back.
func echo(r *httpd.Request) httpd.Result {
	h := r.Hijack()
	r.CloseConnection()
	r.Out.Status = 101
	if rc := r.SendHeader(); rc != httpd.OK {
		return rc
	}
	for piece := h.Input; ; {
		if err := r.Output(&httpd.Out{Mem: piece, Flush: true}); err != nil {
			return httpd.Error
		}
		b, n, err := h.Stream.ReadPooled(buf.Class(512))
		if err != nil {
			break
		}
		piece = append(piece[:0:0], b.B[:n]...)
		b.Free()
	}
	if err := r.Output(&httpd.Out{Last: true}); err != nil {
		return httpd.Error
	}
	return httpd.Done
}

// times are the settings of these tests, no two of them alike.
const times = `client_header_timeout 5s; keepalive_timeout 8s; client_body_timeout 4s; send_timeout 3s; lingering_timeout 2s;
	lingering_time 10s; `

// spread sends text in bytes, one every interval from a time on.
func spread(text string, from, interval time.Duration) (steps []httptest.Step) {
	for i := range len(text) {
		steps = append(steps, httptest.Step{At: from + time.Duration(i)*interval, Send: text[i : i+1]})
	}
	return steps
}

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

func at(t time.Duration, text string) httptest.Step { return httptest.Step{At: t, Send: text} }

func closes(t time.Duration) httptest.Step {
	return httptest.Step{At: t, Do: func(c *fronttest.Client) { _ = c.Close() }}
}

func ends(t time.Duration) httptest.Step {
	return httptest.Step{At: t, Do: func(c *fronttest.Client) { _ = c.CloseWrite() }}
}

func resets(t time.Duration) httptest.Step {
	return httptest.Step{At: t, Do: func(c *fronttest.Client) { c.Reset() }}
}

func steps(parts ...[]httptest.Step) (all []httptest.Step) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// play has tc's steps taken, and checks what the client sees, what is logged of its requests, and the error log.
func (tc *timing) play(t *testing.T) {
	answers := &served{}
	httptest.Bubble(t, times+"server { "+tc.conf+" }", func(t *testing.T, s *httptest.Server) {
		answers.began = time.Now()
		if got := s.Play(tc.steps...); got != tc.want {
			t.Errorf("the client sees: %s\nwant: %s", got, tc.want)
		}
		synctest.Wait()
		if got := answers.String(); got != tc.served {
			t.Errorf("requests: %s\nwant: %s", got, tc.served)
		}
		if log := s.Log(); tc.logs == "" && log != "" || !strings.Contains(log, tc.logs) {
			t.Errorf("logged: %s", log)
		}
	}, answers.module())
}

type timing struct {
	name   string
	conf   string
	steps  []httptest.Step
	want   string
	served string // status and $request_length
	logs   string
}

const second = time.Second
