//go:build linux && !race

package keyval_test

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

func TestAllocs(t *testing.T) {
	s := httptest.New(t, `keyval_zone zone=one:32k timeout=1h state=`+state(t, `{"a": "1"}`)+`; keyval $arg_k $text zone=one;
		server { return 200 "<$text>"; }`, modules()...)
	if got := s.Get("/?k=a").Body; got != "<1>" {
		t.Error(got)
	}
	if n := s.Allocs(t, "/?k=a"); n > 0 {
		t.Errorf("%v allocations for a look-up", n)
	}
}
