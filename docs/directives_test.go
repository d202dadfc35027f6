package docs

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime"
)

var update = flag.Bool("update", false, "write the generated pages anew")

// TestDirectives fails when directives.md is stale.
func TestDirectives(t *testing.T) { compare(t, "directives.md", Directives(runtime.Registry())) }

// TestOwn: the page says what each directive of our own does.
func TestOwn(t *testing.T) {
	l := runtime.Registry()
	text := string(Directives(l))
	own := 0
	for _, s := range l.Specs() {
		if !s.Own {
			continue
		}
		own++
		name := s.Name
		if prefix, rest, _ := strings.Cut(name, "_cache_"); rest != "" && prefix != "proxy" {
			name = "proxy_cache_" + rest // it stands for those of all gateways
		}
		if !strings.Contains(text, "- `"+name+" ") {
			t.Errorf("%s is not described", s.Name)
		}
	}
	if own == 0 {
		t.Error("there is none")
	}
}

// TestLint fails when lint.md is stale.
func TestLint(t *testing.T) {
	got, err := Lint()
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "lint.md", got)
}

func compare(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale, run: go generate ./docs\n%s", name, firstDifference(string(got), string(want)))
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
