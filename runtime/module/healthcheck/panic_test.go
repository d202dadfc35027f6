package healthcheck_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	server "github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestPanic: a panic in a check is a check that has failed, and the checks go on.
func TestPanic(t *testing.T) {
	a := newApp(t)
	var armed atomic.Bool
	armed.Store(true)
	faulty := httpd.Module{Name: "faulty", Register: func(b *httpd.Builder, _ *conf.Module) {
		b.Vars.Define("faulty", httpd.Var{NoCache: true, Get: func(*httpd.Request, string) ([]byte, bool) {
			if armed.Load() {
				panic("in a check")
			}
			return []byte("fine"), true
		}})
	}}
	text := strings.Replace(config(a, "health_check interval=20ms;"), `"p$host"`, "$faulty", 1)
	s := server.New(t, text, append(modules(), faulty)...)
	until(t, "unhealthy", func() bool { return strings.Contains(s.Log(), "peer is unhealthy") })
	if !strings.Contains(s.Log(), "panic: in a check") {
		t.Errorf("no panic in the log: %s", s.Log())
	}
	armed.Store(false)
	until(t, "healthy again", func() bool { return s.Get("/").Status == 200 })
}
