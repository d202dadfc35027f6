package proxy_test

import (
	"sync/atomic"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestPanic: the exchange of a request that panicked is not used by another one.
func TestPanic(t *testing.T) {
	b := newBackend(t, keep(ok))
	var exchange atomic.Value // of the last request
	faulty := httpd.Module{Name: "faulty", Register: func(b *httpd.Builder, _ *conf.Module) {
		b.Vars.Define("faulty", httpd.Var{NoCache: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
			if exchange.Store(r.Upstream()); string(r.URI) == "/panic" {
				panic("in an exchange")
			}
			return []byte("fine"), true
		}})
	}}
	s := httptest.New(t, `server { location / { proxy_pass http://`+b.addr+`; proxy_set_header X-Faulty $faulty; } }`,
		append(modules(), faulty)...)
	for range 20 {
		if got := s.Get("/panic").Status; got != 500 {
			t.Fatalf("%d after a panic", got)
		}
		crashed := exchange.Load()
		for range 5 {
			if got := s.Get("/").Status; got != 200 {
				t.Fatalf("%d: %s", got, s.Log())
			}
			if exchange.Load() == crashed {
				t.Fatal("the exchange of the request that panicked is used again")
			}
		}
	}
}
