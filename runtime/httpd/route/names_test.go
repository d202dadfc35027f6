package route

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/regex"
)

// buildNames adds names, "~..." as expressions, with themselves as values.
func buildNames(t testing.TB, names ...string) *Names[string] {
	t.Helper()
	var b NamesBuilder[string]
	for _, name := range names {
		if pattern, ok := strings.CutPrefix(name, "~"); ok {
			re, err := regex.Compile(pattern, false)
			if err != nil {
				t.Fatal(err)
			}
			b.AddRegex(re, name)
			continue
		}
		if err := b.Add(name, name); err != nil {
			t.Fatalf("Add(%q): %v", name, err)
		}
	}
	return b.Build()
}

func TestNamesLookup(t *testing.T) {
	documented := []string{
		"example.org", "www.example.org", "*.example.org", "mail.*", `~^(?<user>.+)\.example\.net$`,
		`~^www\d+\.example\.com$`, ".example.com",
	}
	nested := []string{
		"*.example.org", "*.www.example.org", "*.org", "www.example.*", "www.*", ".deep.sub.example.net",
		"*.example.net", "*.net", "",
	}
	tests := []struct {
		names []string
		host  string
		want  string
	}{
		{documented, "example.org", "example.org"},
		{documented, "www.example.org", "www.example.org"},
		{documented, "a.example.org", "*.example.org"},
		{documented, "a.b.example.org", "*.example.org"},
		{documented, "mail.example.org", "*.example.org"}, // a leading wildcard goes before a trailing one
		{documented, "mail.example", "mail.*"},
		{documented, "mail.a.b.c", "mail.*"},
		{documented, "mail", ""},
		{documented, "joe.example.net", `~^(?<user>.+)\.example\.net$`},
		{documented, "www1.example.com", ".example.com"}, // wildcards go before expressions
		{documented, "example.com", ".example.com"},
		{documented, "www.example.com", ".example.com"},
		{documented, "notexample.com", ""},
		{documented, "", ""},
		{nested, "a.www.example.org", "*.www.example.org"},
		{nested, "www.example.org", "*.example.org"},
		{nested, "example.org", "*.org"},
		{nested, "org", ""},
		{nested, ".org", "*.org"},
		{nested, "www.example.com", "www.example.*"},
		{nested, "www.example.co.uk", "www.example.*"},
		{nested, "www.other.com", "www.*"},
		{nested, "www.example", "www.*"},
		{nested, "deep.sub.example.net", ".deep.sub.example.net"},
		{nested, "x.deep.sub.example.net", ".deep.sub.example.net"},
		{nested, "sub.example.net", "*.example.net"},
		{nested, "example.net", "*.net"},
		{[]string{"", "~^$"}, "", ""},
		{[]string{"~a", "~ab"}, "ab", "~a"},
	}
	for _, tt := range tests {
		t.Run(tt.host, func(t *testing.T) {
			got, _, _, _ := buildNames(t, tt.names...).Lookup([]byte(tt.host), nil)
			if got != tt.want {
				t.Errorf("Lookup(%q) = %q, want %q", tt.host, got, tt.want)
			}
		})
	}
}

func TestNamesEmptyNameIsFound(t *testing.T) {
	if _, _, _, ok := buildNames(t, "").Lookup(nil, nil); !ok {
		t.Error(`server_name "" does not match a request without a name`)
	}
	if _, _, _, ok := new(Names[int]).Lookup([]byte("a"), nil); ok {
		t.Error("the empty table has found a name")
	}
}

func TestNamesCaptures(t *testing.T) {
	names := buildNames(t, `~^(www\.)?(?<domain>.+)$`)
	host := []byte("www.example.com")
	_, re, caps, ok := names.Lookup(host, make([]int, 0, 8))
	if !ok || re == nil || re.Names()[0].Name != "domain" {
		t.Fatalf("Lookup: ok %v, re %v", ok, re)
	}
	if got := string(host[caps[4]:caps[5]]); got != "example.com" {
		t.Errorf("domain is %q", got)
	}
}

func TestNamesGivingUp(t *testing.T) {
	names := buildNames(t, `~(x+x+)+\1y`, "~x")
	_, re, _, ok := names.Lookup(hopeless, nil)
	if ok || re == nil {
		t.Errorf("ok %v, re %v; want the expression that gave up", ok, re)
	}
}

func TestNamesAdd(t *testing.T) {
	tests := []struct {
		names []string
		want  error // of the last one
	}{
		{[]string{"a.com", "A.com"}, ErrConflict},
		{[]string{"a.com", ".a.com"}, ErrConflict},
		{[]string{".a.com", "a.com"}, ErrConflict},
		{[]string{".a.com", "*.a.com"}, ErrConflict},
		{[]string{"*.a.com", ".A.com"}, ErrConflict},
		{[]string{"a.com", "*.a.com"}, nil},
		{[]string{"a.*", "*.a"}, nil},
		{[]string{"a.*", "a.*"}, ErrConflict},
		{[]string{"", ""}, ErrConflict},
		{[]string{"a..com"}, ErrInvalidName},
		{[]string{"a.b."}, nil},
		{[]string{"*.*"}, ErrInvalidName},
		{[]string{"*.a.*"}, ErrInvalidName},
		{[]string{"w*.a"}, ErrInvalidName},
		{[]string{"a*"}, ErrInvalidName},
		{[]string{"*a"}, ErrInvalidName},
		{[]string{"*"}, ErrInvalidName},
		{[]string{"a.*.com"}, ErrInvalidName},
		{[]string{"a\x00b"}, ErrInvalidName},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.names, " "), func(t *testing.T) {
			var b NamesBuilder[int]
			var err error
			for i, name := range tt.names {
				err = b.Add(name, i)
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// TestNamesConflictKeepsFirst: the name that came first stays, and a half-added ".name" keeps its place (as in nginx).
func TestNamesConflictKeepsFirst(t *testing.T) {
	var b NamesBuilder[int]
	errs := []error{b.Add("*.a.com", 1), b.Add(".a.com", 2), b.Add("a.com", 3)}
	if errs[0] != nil || !errors.Is(errs[1], ErrConflict) || !errors.Is(errs[2], ErrConflict) {
		t.Fatal(errs)
	}
	names := b.Build()
	if v, _, _, _ := names.Lookup([]byte("x.a.com"), nil); v != 1 {
		t.Errorf("x.a.com leads to %d", v)
	}
	if _, _, _, ok := names.Lookup([]byte("a.com"), nil); ok {
		t.Error("a.com is found")
	}
}

// naiveName is the documented rule without any index.
func naiveName(names []string, host string) string {
	best := ""
	for _, name := range names {
		if name == host || name == "."+host {
			return name
		}
	}
	for _, name := range names {
		if suffix := strings.TrimPrefix(name, "*"); len(suffix) > 1 && suffix[0] == '.' && strings.HasSuffix(host, suffix) &&
			len(strings.TrimPrefix(best, "*")) < len(suffix) {
			best = name
		}
	}
	if best != "" {
		return best
	}
	for _, name := range names {
		if prefix, ok := strings.CutSuffix(name, "*"); ok && strings.HasPrefix(host, prefix) && len(best) < len(name) {
			best = name
		}
	}
	return best
}

func FuzzNames(f *testing.F) {
	f.Add("a.b *.b .c.b a.* a.b.*", "a.b.c")
	f.Add("*.a .a.a a.a.*", "a.a.a")
	f.Fuzz(func(t *testing.T, list, host string) {
		var b NamesBuilder[string]
		var names []string
		for _, name := range strings.Fields(list) {
			if name = lower(name); b.Add(name, name) == nil {
				names = append(names, name)
			}
		}
		if host = lower(host); host == "" || strings.Contains(host, "*") || strings.HasPrefix(host, ".") {
			return
		}
		if got, _, _, _ := b.Build().Lookup([]byte(host), nil); got != naiveName(names, host) {
			t.Errorf("%q in %q: got %q, want %q", host, names, got, naiveName(names, host))
		}
	})
}

func BenchmarkNames(b *testing.B) {
	list := []string{"*.example.com", "www.*"}
	for i := range 1000 {
		list = append(list, fmt.Sprintf("site%d.example.org", i))
	}
	names := buildNames(b, list...)
	for _, host := range []string{"site500.example.org", "a.b.example.com", "www.other.net", "unknown.host"} {
		b.Run(host, func(b *testing.B) {
			key := []byte(host)
			for b.Loop() {
				names.Lookup(key, nil)
			}
		})
	}
}
