package referer

import (
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/regex"
)

type heap struct{}

func (heap) Alloc(n int) []byte { return make([]byte, n) }

func build(t testing.TB, words ...string) *list {
	t.Helper()
	l := &list{}
	for _, w := range words {
		switch {
		case w == "none":
			l.none = true
		case w == "blocked":
			l.blocked = true
		case w[0] == '~':
			re, err := regex.Compile(w[1:], true)
			if err != nil {
				t.Fatal(err)
			}
			l.regexes = append(l.regexes, re)
		default:
			name, path, found := strings.Cut(w, "/")
			if found {
				path = "/" + path
			}
			if msg := l.add(name, path); msg != "" {
				t.Fatal(msg)
			}
		}
	}
	if err := l.finish(nil, nil); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestValid(t *testing.T) {
	full := build(t, "none", "blocked", "www.example.com", "*.example.org", "example.*", "path.example.net/dir", "~goo+gle")
	strict := build(t, "www.example.com")
	for _, c := range []struct {
		name string
		list *list
		ref  string // "-": none
		want bool
	}{
		{"none", full, "-", true},
		{"none, not allowed", strict, "-", false},
		{"without a scheme", full, "www.example.com", true},
		{"without a scheme, not allowed", strict, "www.example.com/long", false},
		{"empty", full, "", true},
		{"another scheme", strict, "ftp://www.example.com/", false},
		{"name", full, "http://www.example.com", true},
		{"name and path", full, "http://www.example.com/any", true},
		{"name and port", full, "http://www.example.com:8080/any", true},
		{"https", full, "https://www.example.com/", true},
		{"case", full, "HTTP://WWW.Example.COM/", true},
		{"leading wildcard", full, "http://a.b.example.org/", true},
		{"trailing wildcard", full, "http://example.co.uk/", true},
		{"path", full, "http://path.example.net/dir/x", true},
		{"path behind a port", full, "http://path.example.net:80/dir", true},
		{"other path", full, "http://path.example.net/x", false},
		{"no path", full, "http://path.example.net", false},
		{"expression", full, "http://www.gooogle.com/", true},
		{"expression in the path", full, "http://x.local/google", true},
		{"unknown", full, "http://www.example.info/", false},
		{"longest host", full, "http://" + strings.Repeat("a", 256) + "/google", true},
		{"too long host", full, "http://" + strings.Repeat("a", 257) + "/google", false},
		{"empty list", &list{}, "http://www.example.info/", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.list.valid([]byte(c.ref), c.ref != "-", heap{}); got != c.want {
				t.Errorf("%q: %v, want %v", c.ref, got, c.want)
			}
		})
	}
}

func TestFinish(t *testing.T) {
	l := &list{none: true, regexes: build(t, "~x").regexes}
	if err := l.finish(nil, nil); err == nil {
		t.Error("none without a name is accepted")
	}
	outer := build(t, "~goo+gle")
	inner := &list{}
	inner.add("a", "")
	if err := inner.finish(nil, outer); err != nil || !inner.valid([]byte("http://www.google.com/"), true, heap{}) {
		t.Errorf("the outer expressions are gone: %v", err)
	}
}

func TestAddRefuses(t *testing.T) {
	l := &list{}
	l.add("a.b", "")
	for name, want := range map[string]string{
		"A.b": `conflicting parameter "a.b"`,
		"*.*": `invalid hostname or wildcard "*.*"`,
	} {
		if got := l.add(name, ""); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
