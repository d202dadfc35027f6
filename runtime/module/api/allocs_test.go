//go:build linux && !race

package api_test

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// A request that is counted in the zones of its server and of its location allocates nothing.
func TestAllocs(t *testing.T) {
	s := httptest.New(t, config, modules()...)
	if n := s.Allocs(t, "/"); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
