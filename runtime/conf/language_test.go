package conf

import (
	"errors"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/parser"
)

// handle makes the lab handle a directive that it refuses otherwise.
func (l *lab) handle(name string, apply func(*Cmd) error) {
	for _, r := range l.rows[name] {
		r.status, r.apply = Supported, apply
	}
}

func TestSharedZones(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": "a;"})
	c := &Cmd{Node: &Node{Directive: l.statement("a;").Directive}, Loader: l.Loader}
	for _, step := range []struct {
		name  string
		size  int64
		owner string
		want  string
	}{
		{"one", 1000, "x", ""},
		{"one", 1000, "x", ""},
		{"one", 0, "x", ""},
		{"one", 2000, "x", `the size 2000 of shared memory zone "one" conflicts with already declared size 1000`},
		{"one", 1000, "y", `the shared memory zone "one" is already declared for a different use`},
		{"two", 0, "x", ""},
		{"two", 50, "x", ""},
		{"two", 60, "x", `the size 60 of shared memory zone "two" conflicts with already declared size 50`},
	} {
		got := ""
		if err := c.SharedZone(step.name, step.size, step.owner); err != nil {
			got = err.Error()
		}
		if got != step.want {
			t.Errorf("%s of %d for %s: %q, want %q", step.name, step.size, step.owner, got, step.want)
		}
	}
	if err := l.CheckLate(); err != nil {
		t.Error(err)
	}
	_ = c.SharedZone("three", 0, "x")
	if err := l.CheckLate(); err == nil || err.Error() != `zero size shared memory zone "three"` {
		t.Error(err)
	}
}

// TestRefusedBlocks: what stands in a block that is not supported has its form checked, and is not refused once more.
func TestRefusedBlocks(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": "stream {\n" +
		"server { listen 1;\nlisten;\nfoo;\nroot a;\nserver { } }\n" + // lines 2 to 6
		"upstream a { server b; }\ntcp_nodelay on; tcp_nodelay on;\n}\n"})
	_ = l.load("")
	var got []string
	for _, p := range l.Problems() {
		got = append(got, strings.ReplaceAll(p.Text, " in "+l.dir+"/nginx.conf", ""))
	}
	want := []string{
		`"stream" is known to nginx but not supported here:1`,
		`invalid number of arguments in "listen" directive:3`,
		`unknown directive "foo":4`,
		`"root" directive is not allowed here:5`,
		`"server" directive is not allowed here:6`,
		`"tcp_nodelay" directive is duplicate:8`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestUses: a statement may count as another directive's use, or not even as its own's.
func TestUses(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": "http {\nmap_hash_max_size 1;\nmap a b { }\nmap_hash_max_size 1;\netag a; etag b; }"})
	l.handle("map", func(c *Cmd) error { c.Uses("map_hash_bucket_size"); return nil })
	l.handle("etag", func(c *Cmd) error { c.Forget(); return nil })
	if got, want := l.load(""), `"map_hash_max_size" directive is duplicate in /nginx.conf:4`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := len(l.Problems()); got != 1 {
		t.Errorf("%d problems: %v", got, l.Problems())
	}
	l = newLab(t, map[string]string{"nginx.conf": "http {\nmap a b { }\nmap_hash_max_size 1; }"})
	l.handle("map", func(c *Cmd) error { c.Uses("map_hash_max_size"); return nil })
	if got, want := l.load(""), `"map_hash_max_size" directive is duplicate in /nginx.conf:3`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestItemsAreUnknownElsewhere: what nginx reads inside of map and its like is no directive.
func TestItemsAreUnknownElsewhere(t *testing.T) {
	for text, want := range map[string]string{
		"hostnames;":        `unknown directive "hostnames"`,
		"http { ranges; }":  `unknown directive "ranges"`,
		"http { delete a;}": `unknown directive "delete"`,
		"fo\x00o a;":        `unknown directive "fo"`,
		"proxy on;":         `"proxy" directive is not allowed here`, // mail has one
	} {
		l := newLab(t, map[string]string{"nginx.conf": text})
		if got := l.load(""); got != want+" in /nginx.conf:1" {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestHasVariable(t *testing.T) {
	for _, c := range []struct {
		subsystem, name string
		want            bool
	}{
		{"http", "uri", true},
		{"http", "arg_x", true},
		{"http", "geoip_city", true},
		{"http", "bytes_received", false},
		{"stream", "bytes_received", true},
		{"http", "ur", false},
	} {
		if got := HasVariable(c.subsystem, c.name); got != c.want {
			t.Errorf("%s, %s: %v", c.subsystem, c.name, got)
		}
	}
}

func TestUsePath(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": "\n\na;"})
	c := &Cmd{Node: &Node{Directive: parser.Parse("/a", []byte("\na;")).Body[0]}, Loader: l.Loader}
	for _, step := range []struct {
		dir    string
		levels [3]int
		owned  bool
		want   string
	}{
		{"/t", [3]int{1, 2}, false, ""},
		{"/t", [3]int{1, 2}, false, ""},
		{"/t", [3]int{2}, false, `the same path name "/t" in /a:2 has the different levels than`},
		{"/t", [3]int{1, 2}, true, `the same path name "/t" used in /a:2 and`},
		{"/c", [3]int{}, true, ""},
		{"/c", [3]int{}, false, `the same path name "/c" used in /a:2 and`},
	} {
		got := ""
		if err := c.UsePath(step.dir, step.levels, step.owned); err != nil {
			got = err.Error()
		}
		if got != step.want {
			t.Errorf("%s: %q, want %q", step.dir, got, step.want)
		}
	}
	const want = `the path name "/t" in /a:2 has the same name as default path, but the different levels, ` +
		`you need to define default path in http section`
	if err := l.DefaultPath("/t", [3]int{2}); err == nil || err.Error() != want {
		t.Errorf("default: %v", err)
	}
	if err := errors.Join(l.DefaultPath("/t", [3]int{1, 2}), l.DefaultPath("/d", [3]int{})); err != nil {
		t.Errorf("default: %v", err)
	}
}
