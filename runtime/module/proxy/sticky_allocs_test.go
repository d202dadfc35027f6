//go:build linux && !race

package proxy_test

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestStickyAllocatesNothing: a request that is bound to a server costs no more allocations than another. The backend, which
// runs in the same process, has some.
func TestStickyAllocatesNothing(t *testing.T) {
	a := named(t, "a")
	allocs := func(directives string) float64 {
		s := httptest.New(t, "upstream u { server "+a.addr+" route=a; server "+a.addr+" route=b; "+directives+` }
			server { location / { proxy_pass http://u; } }`, modules()...)
		s.Get("/", "X-New: one")
		least := s.Allocs(t, "/", "Cookie: srv=b; SID=one")
		for range 2 {
			least = min(least, s.Allocs(t, "/", "Cookie: srv=b; SID=one"))
		}
		return least
	}
	plain := allocs("")
	for _, directives := range []string{
		"sticky cookie srv expires=1h domain=$host samesite=lax path=/;", "sticky route $cookie_srv;", "queue 10;",
		"sticky learn create=$upstream_cookie_sid lookup=$cookie_sid zone=z:64k;", "least_time last_byte inflight;",
	} {
		if got := allocs(directives); got > plain {
			t.Errorf("%s: %v allocations a request, %v without", directives, got, plain)
		}
	}
}
