package dav

import "testing"

func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		same, within   bool
	}{
		{"file onto itself", "/r/a", "/r/a", true, false},
		{"folder onto itself", "/r/a/", "/r/a", true, false},
		{"folder into itself", "/r/a/", "/r/a/b", false, true},
		{"folder onto its parent", "/r/a/b/", "/r/a", false, true},
		{"name that begins the same", "/r/ab/", "/r/a", false, false},
		{"name that begins the same, the other way", "/r/a/", "/r/ab", false, false},
		{"siblings", "/r/a", "/r/b", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if same, within := overlap(c.from, c.to); same != c.same || within != c.within {
				t.Errorf("%v, %v", same, within)
			}
		})
	}
}

func TestMergeSlashes(t *testing.T) {
	for path, want := range map[string]string{
		"/a/b": "/a/b", "//a///b//": "/a/b/", "/": "/", "": "",
	} {
		if got := mergeSlashes([]byte(path)); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestDeepEnough(t *testing.T) {
	for _, c := range []struct {
		uri   string
		limit int
		depth int
		ok    bool
	}{
		{"/a", 0, 0, true},
		{"/a", 1, 1, true},
		{"/", 1, 1, false},
		{"/a/b", 2, 2, true},
		{"/a/b", 3, 2, false},
		{"/a/b/", 3, 3, false},
		{"/a/b/c", 3, 3, true},
	} {
		if depth, ok := deepEnough([]byte(c.uri), c.limit); depth != c.depth || ok != c.ok {
			t.Errorf("%s with %d: %d, %v", c.uri, c.limit, depth, ok)
		}
	}
}
