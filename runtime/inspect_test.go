package runtime

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestInspect reads a configuration with several things wrong, and again without the statements that are.
func TestInspect(t *testing.T) {
	dir := t.TempDir() + "/"
	path := filepath.Join(dir, "nginx.conf")
	text := `events {}
http {
	map $host $site { a b c; }
	server {
		gzip maybe;
		location / { return 200 $nowhere$neverland$host; }
	}
	include missing.conf;
}
`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	o := Options{ConfPath: path, Prefix: dir}
	skip := map[int]bool{}
	for round, want := range []int{3, 1} { // the map's item, gzip, include; then the first unknown variable
		in := Inspect(o, skip)
		if in.Sound {
			t.Errorf("round %d: sound", round)
		}
		if got := in.Unknown; !slices.Equal(got, []string{"nowhere", "neverland"}) {
			t.Errorf("round %d: unknown variables %q", round, got)
		}
		if !slices.Contains(in.Variables, "host") {
			t.Errorf("round %d: $host is not among the variables", round)
		}
		if len(in.Problems) != want {
			t.Fatalf("round %d: %d problems, want %d: %+v", round, len(in.Problems), want, in.Problems)
		}
		for _, p := range in.Problems {
			if round == 0 && p.Node == nil {
				t.Errorf("%s: without its statement", p.Text)
			}
			skip[p.Seq()] = true
		}
	}
}
