//go:build linux && !race

package acme_test

import (
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/acme"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

// TestAllocs: a request costs nothing more because a CA may ask.
func TestAllocs(t *testing.T) {
	s := httptest.New(t, strings.Replace(issuer, "MORE", "", 1)+"server { return 200 other; }", acme.Module(), rewrite.Module())
	if _, err := s.Certificates.AnswerHTTP("token", "answer"); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"/", "/.well-known/acme-challenge/none"} {
		if n := s.Allocs(t, target); n > 0 {
			t.Errorf("%s: %v allocations", target, n)
		}
	}
}
