package conf

import (
	"slices"
	"testing"
)

// TestRecord: which statements each block was given is kept when asked for, and which of them blocks inside inherit.
func TestRecord(t *testing.T) {
	files := map[string]string{"nginx.conf": `http {
		root x;
		types_hash_max_size 64;
		server { etag on; etag off; location /a { add_header X x; add_header Y y; } location /b { } }
	}`}
	load := func(record bool) (*lab, map[string][]string) {
		l := newLab(t, files)
		if record {
			l.Record()
		}
		if got := l.load(""); got == "" {
			t.Fatal("a directive that is duplicate was taken")
		}
		out := map[string][]string{}
		for name, b := range l.blocks {
			for _, s := range l.Settings(b) {
				text := s.Spec.Name
				for _, a := range s.Node.Args {
					text += " " + a.Value
				}
				if s.Inherited {
					text += " inherited"
				}
				if s.Hint {
					text += " hint"
				}
				out[name] = append(out[name], text)
			}
		}
		return l, out
	}
	_, got := load(true)
	for name, want := range map[string][]string{
		"http":   {"root x inherited", "types_hash_max_size 64 hint", "server"},
		"server": {"etag on inherited", "location /a", "location /b"},
		"/a":     {"add_header X x", "add_header Y y"},
		"/b":     nil,
	} {
		if !slices.Equal(got[name], want) {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	l, got := load(false)
	if len(got) != 0 {
		t.Errorf("kept without being asked: %q", got)
	}
	names := []string{}
	for _, s := range l.Inherited() {
		names = append(names, s.Name)
	}
	if !slices.Contains(names, "root") || slices.Contains(names, "location") || slices.Contains(names, "types_hash_max_size") {
		t.Errorf("inherited: %q", names)
	}
}
