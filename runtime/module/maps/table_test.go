package maps

import (
	"testing"
)

type heap struct{}

func (heap) Alloc(n int) []byte { return make([]byte, n) }

func build(t *testing.T, hostnames bool, keys ...string) *table {
	t.Helper()
	tab := &table{}
	tab.hostnames = hostnames
	for _, k := range keys {
		if err := tab.add(k, tab.text("<"+k+">")); err != nil {
			t.Fatalf("%s: %v", k, err)
		}
	}
	tab.finish()
	return tab
}

func TestFind(t *testing.T) {
	plain := build(t, false, "", "abc", "UPPER", "*.example.com", "value with spaces")
	hosts := build(t, true, "example.org", "*.example.org", ".example.com", "mail.*", "a.b.example.org")
	for _, c := range []struct {
		name  string
		table *table
		key   string
		want  string
	}{
		{"exact", plain, "abc", "<abc>"},
		{"case of the key asked for", plain, "aBC", "<abc>"},
		{"case of the key in the block", plain, "upper", "<UPPER>"},
		{"empty", plain, "", "<>"},
		{"no wildcards without hostnames", plain, "www.example.com", ""},
		{"a wildcard is text without hostnames", plain, "*.example.com", "<*.example.com>"},
		{"a dot is not taken off without hostnames", plain, "abc.", ""},
		{"spaces", plain, "value with spaces", "<value with spaces>"},
		{"host", hosts, "example.org", "<example.org>"},
		{"host with a dot", hosts, "example.org.", "<example.org>"},
		{"leading wildcard", hosts, "www.example.org", "<*.example.org>"},
		{"leading dot, bare", hosts, "example.com", "<.example.com>"},
		{"leading dot, below", hosts, "www.Example.com", "<.example.com>"},
		{"trailing wildcard", hosts, "mail.local", "<mail.*>"},
		{"leading before trailing", hosts, "mail.example.org", "<*.example.org>"},
		{"exact before wildcards", hosts, "a.b.example.org", "<a.b.example.org>"},
		{"unknown", hosts, "local", ""},
		{"empty host", hosts, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, ok := c.table.find(c.table.trim([]byte(c.key)), heap{})
			got := ""
			if ok {
				got = string(c.table.value(v, nil))
			}
			if got != c.want {
				t.Errorf("find(%q) = %q, want %q", c.key, got, c.want)
			}
		})
	}
}

func TestAddRefuses(t *testing.T) {
	for _, c := range []struct {
		name      string
		hostnames bool
		keys      []string
		want      string
	}{
		{"twice", false, []string{"a", "A"}, `conflicting parameter "a"`},
		{"twice with hostnames", true, []string{"a.b", "A.b"}, `conflicting parameter "a.b"`},
		{"two asterisks", true, []string{"*.a.*"}, `invalid hostname or wildcard "*.a.*"`},
		{"two dots", true, []string{"A..b"}, `invalid hostname or wildcard "A..b"`},
		{"asterisk inside", true, []string{"a*b"}, `invalid hostname or wildcard "a*b"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := &table{}
			tab.hostnames = c.hostnames
			var err error
			for _, k := range c.keys {
				err = tab.add(k, 0)
			}
			if err == nil || err.Error() != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestFindDoesNotAllocate(t *testing.T) {
	tab := build(t, true, "example.org", "*.example.org", "mail.*")
	hit, wild := []byte("example.org"), []byte("www.example.org")
	if n := testing.AllocsPerRun(100, func() {
		_, _ = tab.find(hit, heap{})
		_, _ = tab.find(wild, heap{})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
