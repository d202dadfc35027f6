package route

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// considered is what Consider says: the location that it chose, and the verdicts as text.
func considered(l *Locations[string], uri string) (chosen string, list []string) {
	words := [...]string{"chosen", "shorter", "overridden", "mismatch", "late", "barred", "needless"}
	for _, c := range l.Consider([]byte(uri)) {
		if c.Verdict == Chosen {
			chosen = c.Value
		}
		list = append(list, strings.Repeat(" ", c.Depth)+c.Value+": "+words[c.Verdict])
	}
	return chosen, list
}

func TestConsider(t *testing.T) {
	table := build(t,
		loc(t, "/"), loc(t, "= /a/x.php"), loc(t, "/a/"), loc(t, "^~ /s/"), loc(t, `~ \.php$`, loc(t, `~ /deep/`)), loc(t, `~ ^/a/x`),
		loc(t, "/n/", loc(t, "/n/in/", loc(t, `~ \.in$`)), loc(t, `~ \.n$`)), loc(t, "@named"))
	for uri, want := range map[string][]string{
		"/none":      {"/: chosen", `~ \.php$: mismatch`, "~ ^/a/x: mismatch"},
		"/a/x.php":   {"/: shorter", "/a/: shorter", "= /a/x.php: chosen", `~ \.php$: needless`, "~ ^/a/x: needless"},
		"/a/xx.php":  {"/: shorter", "/a/: overridden", `~ \.php$: chosen`, " ~ /deep/: mismatch", "~ ^/a/x: late"},
		"/a/x":       {"/: shorter", "/a/: overridden", `~ \.php$: mismatch`, "~ ^/a/x: chosen"},
		"/s/x.php":   {"/: shorter", "^~ /s/: chosen", `~ \.php$: barred`},
		"/deep/.php": {"/: overridden", `~ \.php$: chosen`, " ~ /deep/: chosen"},
		"/n/in/a.in": {"/: shorter", "/n/: chosen", " /n/in/: chosen", `  ~ \.in$: chosen`},
		"/n/in/a.php": {
			"/: shorter", "/n/: overridden", " /n/in/: overridden", `  ~ \.in$: mismatch`, ` ~ \.n$: mismatch`,
			`~ \.php$: chosen`, " ~ /deep/: mismatch",
		},
	} {
		if _, got := considered(table, uri); !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", uri, got, want)
		}
	}
}

// TestConsiderAgrees: what is called chosen is what Find finds, for tables and URIs at random.
func TestConsiderAgrees(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	parts := []string{"/a", "/b", "/", "x", ".php", "/a/"}
	text := func() (s string) {
		s = "/"
		for range r.IntN(4) {
			s += parts[r.IntN(len(parts))]
		}
		return s
	}
	var table func(under string, depth int) *Locations[string]
	table = func(under string, depth int) *Locations[string] {
		var list []Location[string]
		for i := range 1 + r.IntN(5) {
			name := under + strings.TrimPrefix(text(), "/")
			modifier := []string{"", "", "= ", "^~ ", "~ ", "!"}[r.IntN(6)]
			if modifier == "~ " {
				name = []string{`\.php$`, "^/a", "b", "x$"}[r.IntN(4)]
			}
			l := loc(t, modifier+name)
			l.Value = fmt.Sprint(l.Value, " #", depth, i)
			if depth < 2 && !l.Exact && r.IntN(2) == 0 {
				around := under
				if l.Regex == nil {
					around = name
				}
				l.Nested = table(around, depth+1)
			}
			list = append(list, l)
		}
		out, err := NewLocations(list)
		if err != nil {
			return table(under, depth)
		}
		return out
	}
	for range 3000 {
		l := table("/", 0)
		for range 5 {
			uri := text()
			found := l.Find([]byte(uri), nil, nil)
			got, list := considered(l, uri)
			if got != found.Value {
				t.Fatalf("%s: chosen %q, Find says %q\n%s", uri, got, found.Value, strings.Join(list, "\n"))
			}
		}
	}
}

func TestMatches(t *testing.T) {
	var b NamesBuilder[int]
	for i, name := range []string{"www.example.com", "*.example.com", ".com", "www.example.*", "www.*"} {
		if err := b.Add(name, i); err != nil {
			t.Fatal(err)
		}
	}
	b.AddRegex(loc(t, "~ ^www").Regex, 5)
	n := b.Build()
	var got []string
	for _, m := range n.Matches([]byte("www.example.com")) {
		got = append(got, fmt.Sprint(m.Kind, " ", m.Key, " ", m.Value))
	}
	want := []string{"0 www.example.com 0", "1 example.com 1", "1 com 2", "2 www.example 3", "2 www 4", "3 ^www 5"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for _, host := range []string{"www.example.com", "a.example.com", "example.com", "www.example.org", "www", "x", ""} {
		v, _, _, ok := n.Lookup([]byte(host), nil)
		list := n.Matches([]byte(host))
		if ok != (len(list) > 0) || ok && list[0].Value != v {
			t.Errorf("%s: Lookup %d %v, Matches %v", host, v, ok, list)
		}
	}
}
