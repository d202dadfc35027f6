package healthcheck_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	server "github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/api"
	"github.com/sluiceproxy/sluice/runtime/module/healthcheck"
	"github.com/sluiceproxy/sluice/runtime/module/proxy"
)

// A server that the API adds is checked before it gets requests, and one that it removes is
// not asked any more.
func TestGroupChanges(t *testing.T) {
	first, second := newApp(t), newApp(t)
	second.status.Store(500)
	s := server.New(t, `upstream u { zone z 64k; server `+first.addr()+`; }
		server {
			location / { proxy_pass http://u; health_check interval=10ms mandatory; }
			location /api { api write=on; }
		}`, []httpd.Module{pass.Module(), api.Module(), proxy.Module(), healthcheck.Module()}...)
	call := func(method, path, body string) string {
		return s.Do(fmt.Sprintf("%s /api/9/http/upstreams/u/servers%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s",
			method, path, len(body), body)).Body
	}
	state := func() string { return s.Get("/api/9/http/upstreams/u").Body }
	until(t, "the first is up", func() bool { return s.Get("/").Status == 200 })
	if got := call("POST", "", `{"server":"`+second.addr()+`"}`); !strings.Contains(got, `"id":1`) {
		t.Fatal(got)
	}
	until(t, "the second is found to be unhealthy", func() bool { return strings.Contains(state(), `"state":"unhealthy"`) })
	for range 20 {
		if got := s.Get("/").Status; got != 200 {
			t.Fatalf("%d while the second is unhealthy", got)
		}
	}
	second.status.Store(200)
	until(t, "the second is up", func() bool { return strings.Count(state(), `"state":"up"`) == 2 })
	call("DELETE", "/1", "")
	asked := len(second.requests()) // one more may be under way
	until(t, "the first is asked on", func() bool { return len(first.requests()) > 50 })
	before := len(first.requests())
	until(t, "the first is asked on", func() bool { return len(first.requests()) > before+20 })
	if n := len(second.requests()); n > asked+1 {
		t.Errorf("a removed server was asked %d times", n-asked)
	}
}

// Several checks of one group: one that fails is enough.
func TestSeveralChecks(t *testing.T) {
	a := newApp(t)
	s := server.New(t, `upstream u { zone z 64k; server `+a.addr()+`; }
		match none { status 418; }
		server {
			location / { proxy_pass http://u; health_check interval=10ms; }
			location /other { proxy_pass http://u; health_check interval=10ms match=none; }
		}`, modules()...)
	until(t, "unhealthy", func() bool { return s.Get("/").Status == 502 })
	before := len(a.requests())
	until(t, "asked on", func() bool { return len(a.requests()) > before+20 })
	if got := s.Get("/").Status; got != 502 {
		t.Errorf("%d", got)
	}
}

// A check on another port.
func TestPort(t *testing.T) {
	a, other := newApp(t), newApp(t)
	other.status.Store(503)
	_, port, _ := strings.Cut(other.addr(), ":")
	s := server.New(t, config(a, "health_check interval=10ms port="+port+";"), modules()...)
	until(t, "unhealthy", func() bool { return s.Get("/").Status == 502 })
	if n := len(other.requests()); n == 0 {
		t.Error("not asked")
	}
}
