package runtime

import (
	"slices"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// TestNoCollisions: no two modules handle a directive in the same block.
func TestNoCollisions(t *testing.T) {
	if got := Registry().Collisions(); len(got) != 0 {
		t.Errorf("handled twice:\n%s", strings.Join(got, "\n"))
	}
}

// TestBoundNames: every name that a module binds is a directive of that module
// in the reference, or announced as one of Sluice's own.
func TestBoundNames(t *testing.T) {
	if got := Registry().Unlisted(); len(got) != 0 {
		t.Errorf("bound to no directive:\n%s", strings.Join(got, "\n"))
	}
}

// TestEveryDirectiveHasAnAnswer: nothing that nginx knows is an unknown directive.
func TestEveryDirectiveHasAnAnswer(t *testing.T) {
	known := map[*conf.Spec]bool{}
	for _, s := range Registry().Specs() {
		known[s] = true
	}
	for i := range conf.Reference() {
		if s := &conf.Reference()[i]; !known[s] {
			t.Errorf("%s of %s is not known", s.Name, s.Module)
		}
	}
}

// TestDefaults: what holds without a directive is what the reference says,
// but for decisions of our own.
func TestDefaults(t *testing.T) {
	own := []string{
		"server_tokens on (ngx_http_core_module)",         // ADR 10
		"ssi_value_length 256 (ngx_http_ssi_module)",      // nginx documents 256 and has 255
		"tunnel_buffer_size 16k (ngx_http_tunnel_module)", // nginx documents 16k and has a page
	}
	if got := Registry().WrongDefaults(); !slices.Equal(got, own) {
		t.Errorf("the reference has other defaults:\n%s", strings.Join(got, "\n"))
	}
}
