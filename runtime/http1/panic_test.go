package http1_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// ended counts requests whose ends have been run.
type ended struct{ n atomic.Int64 }

func (e *ended) End() { e.n.Add(1) }

// faultyEnd panics at the end of a request.
type faultyEnd struct{}

func (faultyEnd) End() { panic("at the end") }

// faulty is a module that panics where the path says.
func faulty(e *ended) httpd.Module {
	fail := func(r *httpd.Request, path string) {
		if string(r.URI) == path {
			few := make([]int, len(r.Args))
			few[len(path)]++ // a fault as they happen
		}
	}
	at := func(path string) httpd.Handler {
		return func(r *httpd.Request) httpd.Result {
			fail(r, path)
			return httpd.Declined
		}
	}
	return httpd.Module{Name: "faulty", Register: func(b *httpd.Builder, _ *conf.Module) {
		b.Plan(func(p *httpd.Plan) {
			p.PostRead(func(r *httpd.Request) httpd.Result {
				r.AtEnd(e)
				fail(r, "/postread")
				return httpd.Declined
			})
			p.Access(at("/access"))
			p.Log(at("/log"))
			p.AddContent(func(r *httpd.Request) httpd.Result {
				fail(r, "/content")
				switch string(r.URI) {
				case "/header", "/sent":
					r.Out.Status, r.Out.ContentLength = 200, 1<<20
					if rc := r.SendHeader(); rc != httpd.OK {
						return rc
					}
					if string(r.URI) == "/sent" {
						if err := r.Send([]byte("begun")); err != nil || r.Flush() != nil {
							return httpd.Error
						}
					}
					panic("after the\nheader")
				case "/background":
					r.Background([][]byte{[]byte("/content")}, false)
				case "/background-end":
					r.Background([][]byte{[]byte("/end")}, false)
				case "/end":
					r.AtEnd(faultyEnd{})
				case "/sub":
					s, rc := r.Subrequest([]byte("/content"), nil, httpd.SubOptions{Capture: true})
					if s != nil {
						s.Release()
					}
					if rc != httpd.OK {
						return httpd.StatusForbidden
					}
				}
				return r.Respond(200, nil, []byte("fine"))
			})
		})
	}}
}

// TestPanic: a panic ends one request, with 500 where nothing was sent, and is logged in one line with its stack. Others
// are served, and what the request held is given up.
func TestPanic(t *testing.T) {
	for _, tc := range []struct {
		path   string
		status int
		body   string // the end of it
	}{
		{"/postread", 500, "</html>\r\n"},
		{"/access", 500, "</html>\r\n"},
		{"/content", 500, "</html>\r\n"},
		{"/header", 500, "</html>\r\n"},
		{"/sent", 200, "begun"},
		{"/log", 200, "fine"},
		{"/sub", 500, "</html>\r\n"},
		{"/background", 200, "fine"},
		{"/background-end", 200, "fine"},
	} {
		t.Run(tc.path[1:], func(t *testing.T) {
			e := &ended{}
			s := httptest.New(t, `server { }`, faulty(e))
			kept := s.Dial() // another connection outlives it
			defer func() { _ = kept.Close() }()
			for range 3 {
				resp := s.Get(tc.path)
				if resp.Status != tc.status || !strings.HasSuffix(resp.Body, tc.body) {
					t.Fatalf("%d, %q", resp.Status, resp.Body)
				}
				if resp := s.Get("/"); resp.Status != 200 || resp.Body != "fine" {
					t.Fatalf("the next request: %d, %q", resp.Status, resp.Body)
				}
			}
			if _, err := kept.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			if n, err := kept.Read(make([]byte, 100)); n == 0 {
				t.Fatalf("the other connection: %v", err)
			}
			var lines []string
			for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
				lines = lines[:0]
				for _, line := range strings.Split(s.Log(), "\n") {
					if strings.Contains(line, "[alert]") {
						lines = append(lines, line)
					}
				}
				if len(lines) == 3 && e.n.Load() >= 7 {
					break
				}
			}
			if len(lines) != 3 || e.n.Load() < 7 {
				t.Fatalf("%d ends, log:\n%s", e.n.Load(), s.Log())
			}
			for _, want := range []string{"panic: ", "panic_test.go:", "httpd.", ` request: "GET ` + tc.path} {
				if !strings.Contains(lines[0], want) {
					t.Errorf("no %q in %q", want, lines[0])
				}
			}
		})
	}
}
