//go:build !race

// The race detector makes sync.Pool drop what it is given at random, so allocations mean nothing under it.

package route

import "testing"

func TestNamesLookupDoesNotAllocate(t *testing.T) {
	names := buildNames(t, "a.com", "*.example.com", "www.*", `~^(.+)\.net$`)
	caps := make([]int, 0, 8)
	for _, host := range []string{"a.com", "x.y.example.com", "www.z", "abc.net", "nothing.here"} {
		key := []byte(host)
		if n := testing.AllocsPerRun(100, func() { _, _, caps, _ = names.Lookup(key, caps) }); n != 0 {
			t.Errorf("%s: %v allocations", host, n)
		}
	}
}

func TestLocationsFindDoesNotAllocate(t *testing.T) {
	table := build(t, loc(t, "/"), loc(t, "= /x"), loc(t, `~ \.(php|cgi)$`), loc(t, `~ ^/(.+)/(\d+)$`))
	caps := make([]int, 0, 8)
	for _, uri := range []string{"/x", "/index.html", "/a.php", "/user/42"} {
		key := []byte(uri)
		if n := testing.AllocsPerRun(100, func() { caps = table.Find(key, caps, nil).Caps }); n != 0 {
			t.Errorf("%s: %v allocations", uri, n)
		}
	}
}
