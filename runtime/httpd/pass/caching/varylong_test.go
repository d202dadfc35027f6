package caching

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// TestManyVaryFields: of a Vary that is too long to be kept no more is put together, however many fields there are.
func TestManyVaryFields(t *testing.T) {
	joined := 0
	count := func(a, b []byte) []byte {
		out := join(a, b)
		joined += len(out)
		return out
	}
	var s RFC9111
	var f Fresh
	for range 10_000 {
		s.Field(h1.Vary, []byte("accept"), 0, count)
		f.Field(h1.Vary, []byte("accept"), 0, 0, count)
	}
	if joined > 2*MaxVary*MaxVary {
		t.Errorf("%d bytes", joined)
	}
}
