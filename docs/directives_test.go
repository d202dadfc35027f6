package docs

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime"
)

var update = flag.Bool("update", false, "write directives.md anew")

// TestDirectives fails when directives.md is stale.
func TestDirectives(t *testing.T) {
	got := Directives(runtime.Registry())
	if *update {
		if err := os.WriteFile("directives.md", got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("directives.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("directives.md is stale, run: go generate ./docs\n%s", firstDifference(string(got), string(want)))
	}
}

func firstDifference(got, want string) string {
	w := strings.Split(want, "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(w) || line != w[i] {
			return "the first line to change: " + line
		}
	}
	return "lines to drop at the end"
}
