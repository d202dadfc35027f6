//go:build linux && !race

package limitconn_test

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/emptygif"
	"github.com/sluiceproxy/sluice/runtime/module/limitconn"
)

// Counting costs an entry and its key for a client's first request under way,
// nothing more.
func TestCountingAllocates(t *testing.T) {
	s := httptest.New(t, `limit_conn_zone $binary_remote_addr zone=z:1m; keepalive_requests 100000;
		server { limit_conn z 10; location / { empty_gif; } }`, limitconn.Module(), emptygif.Module())
	if n := s.Allocs(t, "/"); n > 2 {
		t.Errorf("%v allocations", n)
	}
}
