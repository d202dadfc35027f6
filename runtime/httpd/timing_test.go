package httpd_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/front/fronttest"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// diary notes what requests do, and when.
type diary struct {
	mu    sync.Mutex
	began time.Time
	notes []string
}

func (d *diary) note(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes = append(d.notes, fmt.Sprintf("%v %s", time.Since(d.began).Truncate(time.Microsecond), text))
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.notes, ", ")
}

// module answers by the first words of the path, separated by slashes, with what comes of them. It notes each request that
// is logged, with its status.
//
//	/sleep/3/x    x, after three seconds
//	/size/5000    as many bytes
//	/apart/5000   the same, and the end of the response apart from them
//	/chunks/5000  the same, without a length
//	/403          that status
//	/include/...  two subrequests between texts of its own
//	/sub/...      the bodies of two subrequests, which it runs one after the other
//	/watch        what a Waiter gets to know
func (d *diary) module() httpd.Module {
	return httpd.Module{Name: "diary", Register: func(b *httpd.Builder, _ *conf.Module) {
		status, _ := b.Vars.Compile("$status")
		b.Plan(func(p *httpd.Plan) {
			p.AddContent(d.answer)
			p.Log(func(r *httpd.Request) httpd.Result {
				d.note(string(r.URI) + " " + string(status.Eval(r)))
				return httpd.OK
			})
		})
	}}
}

func (d *diary) answer(r *httpd.Request) httpd.Result {
	words := strings.Split(string(r.URI), "/")
	switch words[1] {
	case "sleep":
		n, _ := strconv.Atoi(words[2])
		r.Sleep(int64(n) * 1000)
		if r.Failed() {
			return httpd.StatusClientClosed
		}
		return r.Respond(200, nil, []byte(words[3]))
	case "size":
		n, _ := strconv.Atoi(words[2])
		return r.Respond(200, nil, bytes.Repeat([]byte("x"), n))
	case "apart", "chunks":
		n, _ := strconv.Atoi(words[2])
		return apart(r, n, words[1] == "apart")
	case "include":
		return d.include(r)
	case "sub":
		return d.sub(r)
	case "watch":
		return d.watch(r)
	}
	n, err := strconv.Atoi(words[1])
	if err != nil {
		return r.Respond(200, nil, []byte(words[1]))
	}
	return httpd.Result(n)
}

// apart sends n bytes, and then the end.
func apart(r *httpd.Request, n int, length bool) httpd.Result {
	r.Out.Status = 200
	if length {
		r.Out.ContentLength = int64(n)
	}
	if rc := r.SendHeader(); rc != httpd.OK {
		return rc
	}
	if r.Output(&httpd.Out{Mem: bytes.Repeat([]byte("x"), n), Flush: true}) != nil || r.Output(&httpd.Out{Last: true}) != nil {
		return httpd.Error
	}
	return httpd.Done
}

// include inserts two subrequests into its output.
func (d *diary) include(r *httpd.Request) httpd.Result {
	r.MayInclude()
	r.Out.Status = 200
	if rc := r.SendHeader(); rc != httpd.OK {
		return rc
	}
	for _, part := range []string{"1", "/sleep/3/a", "2", "/sleep/1/b", "3"} {
		if part[0] == '/' {
			if r.Include([]byte(part), nil, httpd.SubOptions{}) == nil {
				return httpd.Error
			}
			continue
		}
		if r.Output(&httpd.Out{Mem: []byte(part), Flush: true}) != nil {
			return httpd.Error
		}
	}
	d.note("handler done")
	if r.Output(&httpd.Out{Last: true}) != nil {
		return httpd.Error
	}
	return httpd.Done
}

// sub waits for one subrequest, then for another.
func (d *diary) sub(r *httpd.Request) httpd.Result {
	var all []byte
	for _, uri := range []string{"/sleep/2/a", "/sleep/1/b"} {
		s, rc := r.Subrequest([]byte(uri), nil, httpd.SubOptions{Capture: true})
		if s == nil {
			return rc
		}
		all = append(all, s.Captured()...)
		d.note("captured " + string(all))
		s.Release()
	}
	return r.Respond(200, nil, all)
}

// told is a Waiter.
type told chan bool

func (w told) ClientGone() {
	select {
	case w <- true:
	default:
	}
}

// watch waits until the client leaves, for a minute at most.
func (d *diary) watch(r *httpd.Request) httpd.Result {
	w := make(told, 1)
	if !r.Watch(w) {
		return httpd.StatusInternalServerError
	}
	defer r.Unwatch(w)
	select {
	case <-w:
		gone, err := r.ClientGone()
		d.note(fmt.Sprintf("gone %t %v closed %t", gone, err, r.ClientClosed()))
		return httpd.StatusClientClosed
	case <-time.After(time.Minute):
		return httpd.StatusNotFound
	}
}

func at(t time.Duration, text string) httptest.Step { return httptest.Step{At: t, Send: text} }

// does is a step of a client.
func does(t time.Duration, fn func(*fronttest.Client)) httptest.Step {
	return httptest.Step{At: t, Do: fn}
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n" }

func leaves(c *fronttest.Client)       { _ = c.Close() }
func stopsSending(c *fronttest.Client) { _ = c.CloseWrite() }
func breaksOff(c *fronttest.Client)    { c.Reset() }

// TestTimes: when a request goes on, when its client sees of it, and when it is logged.
func TestTimes(t *testing.T) {
	const left = "3s use of closed network connection"
	for _, tc := range []struct {
		name, conf string
		steps      []httptest.Step
		want       string // what the client sees
		notes      string
		logs       string
	}{
		{name: "sleep", steps: []httptest.Step{at(0, get("/sleep/3/x"))}, want: `3s 200 "x"; 4s closed`, notes: "3s /sleep/3/x 200"},
		{
			name: "the client leaves", steps: []httptest.Step{at(0, get("/sleep/60/x")), does(3*time.Second, leaves)}, want: left,
			notes: "3s /sleep/60/x 499", logs: "client prematurely closed connection, client: 192.0.2.7",
		},
		{
			name: "it ends its side", steps: []httptest.Step{at(0, get("/sleep/60/x")), does(3*time.Second, stopsSending)}, want: "3s closed",
			notes: "3s /sleep/60/x 499", logs: "client prematurely closed connection",
		},
		{
			name: "it resets the connection", steps: []httptest.Step{at(0, get("/sleep/60/x")), does(3*time.Second, breaksOff)}, want: left,
			notes: "3s /sleep/60/x 499", logs: "client prematurely closed connection (104: Connection reset by peer)",
		},
		{
			name: "another request waits", steps: []httptest.Step{at(0, get("/sleep/60/x")), at(time.Second, get("/b")), does(3*time.Second, stopsSending)},
			want: "3s connection reset by peer", notes: "3s /sleep/60/x 499", logs: "client prematurely closed connection",
		},
		{
			name: "a Waiter", steps: []httptest.Step{at(0, get("/watch")), does(3*time.Second, leaves)}, want: left,
			notes: "3s gone true <nil> closed true, 3s /watch 499",
		},
		{name: "a Waiter that is not told", steps: []httptest.Step{at(0, get("/watch"))}, want: "1m0s 404; 1m1s closed", notes: "1m0s /watch 404"},
		{
			name: "a family", steps: []httptest.Step{at(0, get("/include"))}, want: `0s 200 "1\r\n1\r\n"; 3s "1\r\na\r\n1\r\n2\r\n1\r\nb\r\n1\r\n3\r\n0\r\n\r\n"; 4s closed`,
			notes: "0s handler done, 3s /include 200",
		},
		{
			name: "a family, and the client leaves", steps: []httptest.Step{at(0, get("/include")), does(2*time.Second, stopsSending)},
			want: `0s 200 "1\r\n1\r\n"; 2s closed`, notes: "0s handler done, 2s /include 200", logs: "client prematurely closed connection",
		},
		{
			name: "subrequests one by one", steps: []httptest.Step{at(0, get("/sub"))}, want: `3s 200 "ab"; 4s closed`,
			notes: "2s captured a, 3s captured ab, 3s /sub 200",
		},
		{
			name: "post_action", conf: "location /a { post_action /sleep/3/x; }", steps: []httptest.Step{at(0, get("/a")+get("/b"))},
			want: `0s 200 "a"; 3s 200 "b"; 4s closed`, notes: "3s /sleep/3/x 200, 3s /b 200",
		},
		{
			name: "post_action without a client", conf: "location /a { post_action /sleep/3/x; }", steps: []httptest.Step{at(0, get("/a")), does(time.Second, leaves)},
			want: `0s 200 "a"; 1s use of closed network connection`, notes: "1s /sleep/3/x 499", logs: "client prematurely closed connection",
		},
		{
			name: "limit_rate", conf: "limit_rate 1000;", steps: []httptest.Step{at(0, get("/size/3000"))},
			want: `0s 200 +856; 1s +1000; 2s +1000; 3s +144; 4s closed`, notes: "3s /size/3000 200",
		},
		{
			name: "limit_rate_after", conf: "limit_rate 1000; limit_rate_after 2000;", steps: []httptest.Step{at(0, get("/size/4000"))},
			want: `0s 200 +2856; 1s +1000; 2s +144; 3s closed`, notes: "2s /size/4000 200",
		},
		{
			name: "limit_rate, and the end apart", conf: "limit_rate 1000;", steps: []httptest.Step{at(0, get("/apart/1500"))},
			want: `0s 200 +882; 1s +618; 2s closed`, notes: "1s /apart/1500 200",
		},
		{
			name: "limit_rate, and the last chunk apart", conf: "limit_rate 1000;", steps: []httptest.Step{at(0, get("/chunks/1500"))},
			want: `0s 200 +883; 1.007s +636; 2.007s closed`, notes: "1.007s /chunks/1500 200",
		},
		{
			name: "limit_rate, and the client leaves when it has all", conf: "limit_rate 1000;",
			steps: []httptest.Step{at(0, get("/apart/1500")), does(1100*time.Millisecond, leaves)},
			want:  `0s 200 +882; 1s +618; 1.1s use of closed network connection`, notes: "1s /apart/1500 200",
		},
		{
			name: "limit_rate, and the client leaves", conf: "limit_rate 1000;", steps: []httptest.Step{at(0, get("/size/30000")), does(1500*time.Millisecond, stopsSending)},
			want: `0s 200 +855; 1s +1000; 1.5s closed`, notes: "1.5s /size/30000 200", logs: "client prematurely closed connection",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := &diary{}
			httptest.Bubble(t, "keepalive_timeout 1s; server { "+tc.conf+" }", func(t *testing.T, s *httptest.Server) {
				d.began = time.Now()
				if got := s.Play(tc.steps...); got != tc.want {
					t.Errorf("the client sees: %s\nwant: %s", got, tc.want)
				}
				synctest.Wait()
				s.Instance().Quit()
				if got := d.String(); got != tc.notes {
					t.Errorf("requests: %s\nwant: %s", got, tc.notes)
				}
				if log := s.Log(); tc.logs == "" && strings.Contains(log, "prematurely") || !strings.Contains(log, tc.logs) {
					t.Errorf("logged: %s", log)
				}
			}, d.module())
		})
	}
}
