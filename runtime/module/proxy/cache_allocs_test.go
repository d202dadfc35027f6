//go:build linux && !race

package proxy_test

import (
	"fmt"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestCacheHitAllocatesNothing: a hit costs nothing, whether the entry is in memory or sent from its file, by nginx's rules
// or by those of RFC 9111.
func TestCacheHitAllocatesNothing(t *testing.T) {
	for _, size := range []int{1000, 100_000, 1001, 100_001} {
		b := newBackend(t, keep(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%0*d", size, size, 1)))
		s := httptest.New(t, fmt.Sprintf(`
			proxy_cache_path %s keys_zone=a:1m;
			server { location / { proxy_pass http://%s; proxy_cache a; proxy_cache_valid 1h; proxy_cache_rfc9111 %s; } }`,
			t.TempDir(), b.addr, map[int]string{0: "off", 1: "on"}[size%2]), modules()...)
		s.Get("/")
		if got := s.Get("/"); got.Status != 200 || len(got.Body) != size || len(b.requests()) != 1 {
			t.Fatalf("%d, %d bytes, %d requests", got.Status, len(got.Body), len(b.requests()))
		}
		n := s.Allocs(t, "/")
		for range 3 {
			n = min(n, s.Allocs(t, "/"))
		}
		if n != 0 {
			t.Errorf("%d bytes: %v allocations", size, n)
		}
	}
}
