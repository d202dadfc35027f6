//go:build linux && !race

package limitreq_test

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// A request of a known client costs no allocation.
func TestCountingAllocatesNothing(t *testing.T) {
	s := httptest.New(t, `limit_req_zone $binary_remote_addr zone=z:1m rate=1000000r/s; limit_req_zone $arg_a zone=y:1m rate=1000000r/s;
		keepalive_requests 100000; server { limit_req zone=z burst=1000 nodelay; limit_req zone=y burst=1000 nodelay; location / { empty_gif; } }`, modules()...)
	if n := s.Allocs(t, "/?a=b"); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
