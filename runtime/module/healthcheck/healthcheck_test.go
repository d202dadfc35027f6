package healthcheck_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	server "github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/healthcheck"
	"github.com/sluiceproxy/sluice/runtime/module/maps"
	"github.com/sluiceproxy/sluice/runtime/module/proxy"
)

func modules() []httpd.Module {
	return []httpd.Module{pass.Module(), proxy.Module(), maps.Module(), healthcheck.Module()}
}

// app is an application whose answers a test chooses.
type app struct {
	*httptest.Server
	status atomic.Int64
	conns  atomic.Int64
	mu     sync.Mutex
	seen   []string // "Host URI Field"
}

func newApp(t *testing.T) *app {
	a := &app{}
	a.status.Store(200)
	a.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.seen = append(a.seen, r.Host+" "+r.RequestURI+" "+r.Header.Get("X-Probe"))
		a.mu.Unlock()
		w.Header().Set("X-Kind", "app")
		w.WriteHeader(int(a.status.Load()))
		_, _ = io.WriteString(w, "ready")
	}))
	a.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			a.conns.Add(1)
		}
	}
	a.Start()
	t.Cleanup(a.Close)
	return a
}

func (a *app) addr() string { return a.Listener.Addr().String() }

func (a *app) requests() (list []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append(list, a.seen...)
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not: %s", what)
		}
	}
}

func config(a *app, check string) string {
	return `upstream u { zone z 64k; server ` + a.addr() + ` max_fails=0; }
		map $upstream_status $good { 200 1; }
		match status { status 200-204; status ! 203; }
		match body { header X-Kind = app; header ! X-None; body ~ "^rea"; }
		match require { require $good; }
		server { location / { proxy_pass http://u/ignored/; proxy_set_header X-Probe "p$host"; ` + check + ` } }`
}

func TestUnhealthyAndBack(t *testing.T) {
	for _, c := range []string{
		"health_check interval=20ms uri=/up;",
		"health_check interval=20ms uri=/up match=status jitter=5ms;",
		"health_check interval=20ms uri=/up match=require;",
		"health_check interval=20ms uri=/up match=status fails=2 passes=2 keepalive_time=1h;",
	} {
		a := newApp(t)
		s := server.New(t, config(a, c), modules()...)
		until(t, "asked", func() bool { return len(a.requests()) > 1 })
		if got := a.requests()[0]; got != "u /up p" {
			t.Errorf("%s: asked %q", c, got)
		}
		if got := s.Get("/").Status; got != 200 {
			t.Errorf("%s: %d while healthy", c, got)
		}
		a.status.Store(500)
		until(t, "unhealthy", func() bool { return s.Get("/").Status == 502 })
		a.status.Store(200)
		until(t, "healthy again", func() bool { return s.Get("/").Status == 200 })
		for _, want := range []string{
			`[warn] `, `peer is unhealthy while checking `, `peer is healthy`,
			` of peer ` + a.addr() + ` in upstream "u"`,
		} {
			// A peer serves before the log says that it is healthy.
			until(t, c+" "+want+" in the log", func() bool { return strings.Contains(s.Log(), want) })
		}
	}
}

func TestMatchBody(t *testing.T) {
	a := newApp(t)
	s := server.New(t, config(a, "health_check interval=20ms match=body mandatory;"), modules()...)
	until(t, "healthy", func() bool { return s.Get("/").Status == 200 })
}

// A connection is used again until its time is over.
func TestKeepalive(t *testing.T) {
	a := newApp(t)
	server.New(t, config(a, "health_check interval=5ms keepalive_time=1h;"), modules()...)
	until(t, "asked", func() bool { return len(a.requests()) > 10 })
	if n := a.conns.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// With mandatory no request is passed on before the first check.
func TestMandatory(t *testing.T) {
	a := newApp(t)
	a.status.Store(404)
	s := server.New(t, config(a, "health_check interval=20ms mandatory;"), modules()...)
	for range 20 {
		if got := s.Get("/").Status; got != 502 {
			t.Fatalf("%d", got)
		}
	}
	a.status.Store(204)
	until(t, "healthy", func() bool { return s.Get("/").Status == 204 })
}

// Whatever an application does with a check counts as a failure, and the log says why.
func TestBadPeers(t *testing.T) {
	for _, c := range []struct{ answer, log string }{
		{"", "upstream prematurely closed connection while reading response header from upstream"},
		{"nonsense\r\n\r\n", "peer is unhealthy while checking status code"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nrea", "upstream prematurely closed connection while reading response body"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "upstream sent invalid chunked response"},
		{"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 9000), "upstream sent too big header"},
		{"drip", "upstream timed out (110: Connection timed out) while reading response body"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				n, err := l.Accept()
				if err != nil {
					return
				}
				go answer(n, c.answer)
			}
		}()
		s := server.New(t, `upstream u { zone z 64k; server `+l.Addr().String()+` max_fails=0; }
			match m { body ~ ready; }
			server { location / { proxy_pass http://u; proxy_read_timeout 100ms; health_check interval=10ms match=m; } }`,
			modules()...)
		if strings.HasPrefix(c.answer, "nonsense") {
			c.log = "peer is unhealthy while"
		}
		until(t, c.log, func() bool { return strings.Contains(s.Log(), c.log) && strings.Contains(s.Log(), "peer is unhealthy") })
		_ = l.Close()
	}
}

// answer reads a request and sends a response; drip is one without an end.
func answer(c net.Conn, text string) {
	defer c.Close()
	_, _ = c.Read(make([]byte, 4096))
	if text != "drip" {
		_, _ = io.WriteString(c, text)
		return
	}
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
	for range 200 {
		if _, err := io.WriteString(c, "r"); err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestLoad(t *testing.T) {
	const up = "upstream u { zone z 64k; server 127.0.0.1:1; } upstream v { server 127.0.0.1:1; } "
	for text, want := range map[string]string{
		"location / { proxy_pass http://u; health_check interval=3 jitter=1 fails=3 passes=2 uri=/x?y port=81 mandatory persistent type=http; }": "",
		"location / { proxy_pass http://u; health_check interval=0; }":                                                                           `invalid parameter "interval=0"`,
		"location / { proxy_pass http://u; health_check fails=0; }":                                                                              `invalid parameter "fails=0"`,
		"location / { proxy_pass http://u; health_check passes=x; }":                                                                             `invalid parameter "passes=x"`,
		"location / { proxy_pass http://u; health_check port=65536; }":                                                                           `invalid parameter "port=65536"`,
		"location / { proxy_pass http://u; health_check uri=x; }":                                                                                `invalid parameter "uri=x"`,
		"location / { proxy_pass http://u; health_check what; }":                                                                                 `invalid parameter "what"`,
		"location / { proxy_pass http://u; health_check mandatory=1; }":                                                                          `invalid parameter "mandatory=1"`,
		"location / { proxy_pass http://u; health_check persistent; }":                                                                           `"persistent" requires "mandatory" parameter`,
		"location / { proxy_pass http://u; health_check type=grpc; }":                                                                            `"health_check" with "type=grpc" requires "grpc_pass" in its location`,
		"location / { proxy_pass http://u; health_check; health_check; }":                                                                        `"health_check" directive is duplicate`,
		"location / { proxy_pass http://u; health_check match=m; }":                                                                              `no match "m" for "health_check"`,
		"location / { proxy_pass http://v; health_check; }":                                                                                      `health checks require upstream "v" to be in shared memory`,
		"location / { proxy_pass http://127.0.0.1:1; health_check; }":                                                                            `"health_check" requires "proxy_pass" to an upstream block in its location`,
		"location / { health_check; }":                                                                                                           `"health_check" requires "proxy_pass" to an upstream block in its location`,
		"} match m { status 200 204 301-303; header A; header ! B; header C != d; header E !~ f; body !~ g; require $uri; ":                      "",
		"} match m { } match m { ":                                                                                                               `duplicate match "m"`,
		"} match m { status; ":                                                                                                                   `invalid number of arguments in "status" directive`,
		"} match m { status !; ":                                                                                                                 `invalid number of arguments in "status" directive`,
		"} match m { status 99; ":                                                                                                                `invalid status "99"`,
		"} match m { status 300-200; ":                                                                                                           `invalid status "300-200"`,
		"} match m { header A b; ":                                                                                                               `invalid parameter "b"`,
		"} match m { header A == b; ":                                                                                                            `invalid parameter "=="`,
		"} match m { body = b; ":                                                                                                                 `invalid parameter "="`,
		"} match m { body ~ '('; ":                                                                                                               `pcre2_compile() failed`,
		"} match m { require a; ":                                                                                                                `invalid variable name "a"`,
		"} match m { require $none_such; ":                                                                                                       `unknown "none_such" variable`,
		"} match m { what 1; ":                                                                                                                   `unknown directive "what"`,
	} {
		_, err := server.Load(t, up+"server { "+text+" }", modules()...)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
