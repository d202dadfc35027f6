package route

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/regex"
)

// loc makes a location from what stands in the configuration: "= /x", "^~ /x", "~ \.php$", "@x", "/x". An "!" in front
// asks for the redirect. Its value is the text.
func loc(t testing.TB, text string, nested ...Location[string]) Location[string] {
	t.Helper()
	l := Location[string]{Value: text}
	rest, redirect := strings.CutPrefix(text, "!")
	l.AutoRedirect = redirect
	modifier, name, ok := strings.Cut(rest, " ")
	if !ok {
		modifier, name = "", rest
	}
	switch modifier {
	case "=":
		l.Exact = true
	case "^~":
		l.NoRegex = true
	case "~", "~*":
		var err error
		if l.Regex, err = regex.Compile(name, modifier == "~*"); err != nil {
			t.Fatal(err)
		}
	}
	l.Name = name
	l.Named = strings.HasPrefix(name, "@")
	if nested != nil {
		l.Nested = build(t, nested...)
	}
	return l
}

func build(t testing.TB, list ...Location[string]) *Locations[string] {
	t.Helper()
	l, err := NewLocations(list)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLocationsFind(t *testing.T) {
	documented := build(t, loc(t, "= /"), loc(t, "/"), loc(t, "/documents/"), loc(t, "^~ /images/"),
		loc(t, `~* \.(gif|jpg|jpeg)$`))
	redirecting := build(t, loc(t, "/"), loc(t, "!/user/"), loc(t, "!/login/"), loc(t, "= /login"), loc(t, "!/a/"),
		loc(t, "/a-b"), loc(t, "/a."), loc(t, "!/ab/c/"), loc(t, "!= /only/"), loc(t, "/both"), loc(t, "!/both/"),
		loc(t, "~ ^/user$"))
	nested := build(t,
		loc(t, "/", loc(t, "/sub/", loc(t, "= /sub/x"), loc(t, `~ \.inner$`)), loc(t, `~ \.nested$`)),
		loc(t, "^~ /static/", loc(t, `~ \.js$`), loc(t, "/static/lib/")),
		loc(t, `~ ^/re/(.*)$`, loc(t, "/re/plain"), loc(t, "!/re/dir/"), loc(t, `~ (x+)$`)),
		loc(t, `~ \.(php|nested|js)$`))
	empty := build(t, loc(t, "", loc(t, "/deep")), loc(t, "~ z"))
	tests := []struct {
		name  string
		table *Locations[string]
		uri   string
		want  string
		flags string // e exact, n noregex, r redirect, x an expression has matched
	}{
		{"docs A", documented, "/", "= /", "e"},
		{"docs B", documented, "/index.html", "/", ""},
		{"docs C", documented, "/documents/document.html", "/documents/", ""},
		{"docs D", documented, "/images/1.gif", "^~ /images/", "n"},
		{"docs E", documented, "/documents/1.jpg", `~* \.(gif|jpg|jpeg)$`, "x"},
		{"caseless", documented, "/documents/1.JPG", `~* \.(gif|jpg|jpeg)$`, "x"},
		{"a prefix without its slash", documented, "/documents", "/", ""},
		{"shorter than every name", documented, "", "", ""},

		{"redirect", redirecting, "/user", "!/user/", "r"},
		{"no redirect with slash", redirecting, "/user/", "!/user/", ""},
		{"an exact name before the redirect", redirecting, "/login", "= /login", "e"},
		{"redirect among names that continue", redirecting, "/a", "!/a/", "r"},
		{"longer neighbour", redirecting, "/a-b", "/a-b", ""},
		{"inside of a label", redirecting, "/ab/c", "!/ab/c/", "r"},
		{"two bytes short", redirecting, "/ab/", "/", ""},
		{"redirect to an exact name", redirecting, "/only", "!= /only/", "er"},
		{"a prefix of that very name", redirecting, "/both", "/both", ""},
		{"with slash it is the other", redirecting, "/both/", "!/both/", ""},

		{"nested prefix", nested, "/sub/y", "/sub/", ""},
		{"nested exact", nested, "/sub/x", "= /sub/x", "e"},
		{"innermost expression first", nested, "/sub/a.inner", `~ \.inner$`, "x"},
		{"then the one around", nested, "/sub/a.nested", `~ \.nested$`, "x"},
		{"then the outermost", nested, "/sub/a.php", `~ \.(php|nested|js)$`, "x"},
		{"expressions inside of ^~", nested, "/static/a.js", `~ \.js$`, "x"},
		{"no expressions outside of ^~", nested, "/static/a.php", "^~ /static/", "n"},
		{"a prefix inside of ^~", nested, "/static/lib/a.php", "/static/lib/", ""},
		{"inside of an expression", nested, "/re/other", `~ ^/re/(.*)$`, "x"},
		{"a prefix inside of an expression", nested, "/re/plainly", "/re/plain", "x"},
		{"an expression inside of an expression", nested, "/re/xx", `~ (x+)$`, "x"},
		{"no redirect inside of an expression", nested, "/re/dir", "!/re/dir/", "x"},

		{"the empty name", empty, "/other", "", ""},
		{"nested in the empty name", empty, "/deeper", "/deep", ""},
		{"the empty URI", empty, "", "", ""},
		{"nil table", nil, "/", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := tt.table.Find([]byte(tt.uri), nil, nil)
			flags := ""
			for _, f := range []struct {
				on   bool
				name string
			}{{res.Exact, "e"}, {res.NoRegex, "n"}, {res.AutoRedirect, "r"}, {res.Regex != nil, "x"}} {
				if f.on {
					flags += f.name
				}
			}
			if res.Value != tt.want || flags != tt.flags {
				t.Errorf("%q: got %q %q, want %q %q", tt.uri, res.Value, flags, tt.want, tt.flags)
			}
		})
	}
}

func TestLocationsFound(t *testing.T) {
	table := build(t, loc(t, "/a"))
	if table.Find([]byte("/b"), nil, nil).Found {
		t.Error("/b is found")
	}
	if !table.Find([]byte("/ab"), nil, nil).Found {
		t.Error("/ab is not found")
	}
}

// TestLocationsCaptures: the offsets are those of the expression that matched, also when ones nested in it failed after.
func TestLocationsCaptures(t *testing.T) {
	table := build(t, loc(t, `~ ^/(u)ser/(\d+)`, loc(t, `~ nothing`), loc(t, `~ (no)thing (else)`)))
	res := table.Find([]byte("/user/42"), make([]int, 0, 8), nil)
	if want := []int{0, 8, 1, 2, 6, 8}; fmt.Sprint(res.Caps) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", res.Caps, want)
	}
}

// heard collects what Find tells of.
type heard []string

func (h *heard) Matched(re *regex.Regex, caps []int) { *h = append(*h, fmt.Sprint(re, caps)) }

// TestLocationsOuter: expressions are told of when the search goes on inside of them.
func TestLocationsOuter(t *testing.T) {
	table := build(t, loc(t, `~ ^/(re)/`, loc(t, `~ (x)$`, loc(t, `~ y`)), loc(t, `~ z`)), loc(t, `~ ^/flat`))
	for _, tt := range []struct{ uri, want string }{
		{"/flat", "[]"},
		{"/re/z", "[^/(re)/ [0 4 1 3]]"},
		{"/re/x", "[^/(re)/ [0 4 1 3] (x)$ [4 5 4 5]]"},
	} {
		var h heard
		table.Find([]byte(tt.uri), nil, &h)
		if got := fmt.Sprint([]string(h)); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.uri, got, tt.want)
		}
	}
}

// hopeless is what (x+x+)+\1y is given up over: it has the y, which is looked for first, and no match.
var hopeless = append(bytes.Repeat([]byte("x"), 60), "zy"...)

func TestLocationsGivingUp(t *testing.T) {
	table := build(t, loc(t, "/"), loc(t, `~ (x+x+)+\1y`), loc(t, "~ x"))
	res := table.Find(hopeless, nil, nil)
	if !errors.Is(res.Err, regex.ErrMatchLimit) {
		t.Errorf("got %v, want %v", res.Err, regex.ErrMatchLimit)
	}
}

func TestLocationsNamed(t *testing.T) {
	table := build(t, loc(t, "/"), loc(t, "@fallback"), loc(t, "@fallback"))
	if v, ok := table.Named([]byte("@fallback")); !ok || v != "@fallback" {
		t.Errorf("got %q, %v", v, ok)
	}
	if _, ok := table.Named([]byte("@other")); ok {
		t.Error("@other is found")
	}
	if res := table.Find([]byte("@fallback"), nil, nil); res.Found {
		t.Errorf("a URI has found %q", res.Value)
	}
}

func TestLocationsDuplicate(t *testing.T) {
	tests := []struct {
		list  []string
		index int
		want  string
	}{
		{[]string{"/a", "/b", "/a"}, 2, `duplicate location "/a"`},
		{[]string{"= /a", "/a", "= /a"}, 2, `duplicate location "/a"`},
		{[]string{"/a", "^~ /a"}, 1, `duplicate location "/a"`},
		{[]string{"/a-", "/a-", "/a/", "/a/"}, 3, `duplicate location "/a/"`},
		{[]string{"/a", "= /a", "~ /a", "~ /a", "@a"}, -1, ""},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.list, " "), func(t *testing.T) {
			var list []Location[string]
			for _, text := range tt.list {
				list = append(list, loc(t, text))
			}
			_, err := NewLocations(list)
			var duplicate *DuplicateError
			switch {
			case tt.index < 0 && err != nil:
				t.Error(err)
			case tt.index < 0:
			case !errors.As(err, &duplicate) || duplicate.Index != tt.index || err.Error() != tt.want:
				t.Errorf("got %v, want %s at %d", err, tt.want, tt.index)
			}
		})
	}
}

func TestOutside(t *testing.T) {
	if Outside("/a/b", "/a/") || !Outside("/b", "/a/") {
		t.Error("only a name that does not continue the outer one is outside")
	}
}

// naiveFind is the rule for one table of prefixes and exact names without any index.
func naiveFind(list []Location[string], uri string) (value string, redirect bool) {
	best, bestLen := "", -1
	for _, l := range list {
		if l.Exact && l.Name == uri {
			return l.Value, false
		}
		if !l.Exact && strings.HasPrefix(uri, l.Name) && len(l.Name) > bestLen {
			best, bestLen = l.Value, len(l.Name)
		}
	}
	if bestLen == len(uri) {
		return best, false
	}
	for _, exact := range []bool{true, false} {
		for _, l := range list {
			if l.Exact == exact && l.Name == uri+"/" && redirects(list, l.Name) {
				return l.Value, true
			}
		}
	}
	return best, false
}

func redirects(list []Location[string], name string) bool {
	for _, l := range list {
		if l.Name == name && l.AutoRedirect {
			return true
		}
	}
	return false
}

func FuzzLocations(f *testing.F) {
	f.Add("/ /a/ =/a !/b/ /a-b !=/c/", "/b")
	f.Add("/ab/ !/a/ /abc =/abcd", "/a")
	f.Fuzz(func(t *testing.T, list, uri string) {
		var locs []Location[string]
		seen := map[string]bool{}
		for _, text := range strings.Fields(list) {
			l := Location[string]{Value: text}
			text, l.AutoRedirect = strings.CutPrefix(text, "!")
			l.AutoRedirect = l.AutoRedirect && strings.HasSuffix(text, "/")
			l.Name, l.Exact = strings.CutPrefix(text, "=")
			if key := fmt.Sprint(l.Exact, l.Name); !seen[key] {
				seen[key] = true
				locs = append(locs, l)
			}
		}
		table := build(t, locs...)
		res := table.Find([]byte(uri), nil, nil)
		if want, redirect := naiveFind(locs, uri); res.Value != want || res.AutoRedirect != redirect {
			t.Errorf("%q in %q: got %q %v, want %q %v", uri, list, res.Value, res.AutoRedirect, want, redirect)
		}
	})
}

func typical(t testing.TB) *Locations[string] {
	return build(t, loc(t, "/"), loc(t, "= /favicon.ico"), loc(t, "/api/"), loc(t, "^~ /static/"), loc(t, "/images/"))
}

func withRegex(t testing.TB) *Locations[string] {
	return build(t, loc(t, "/"), loc(t, `~ \.php$`))
}

func thousands(t testing.TB) *Locations[string] {
	list := make([]Location[string], 0, 10000)
	for i := range cap(list) {
		list = append(list, loc(t, fmt.Sprintf("/app%d/v%d/resource/", i%100, i)))
	}
	return build(t, list...)
}

func BenchmarkLocations(b *testing.B) {
	five, php, many := typical(b), withRegex(b), thousands(b)
	for _, bb := range []struct {
		name  string
		table *Locations[string]
		uri   string
	}{
		{"typical/prefix", five, "/api/users/42"},
		{"typical/exact", five, "/favicon.ico"},
		{"typical/static", five, "/static/css/main.css"},
		{"regex/miss", php, "/index.html"},
		{"regex/hit", php, "/index.php"},
		{"10000/hit", many, "/app57/v4557/resource/x"},
		{"10000/miss", many, "/app57/none"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			uri := []byte(bb.uri)
			caps := make([]int, 0, 8)
			for b.Loop() {
				bb.table.Find(uri, caps, nil)
			}
		})
	}
}

func BenchmarkNewLocations(b *testing.B) {
	table := thousands(b)
	for b.Loop() {
		if _, err := NewLocations(table.all); err != nil {
			b.Fatal(err)
		}
	}
}
