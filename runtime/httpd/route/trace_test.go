package route

import (
	"slices"
	"strings"
	"testing"
)

func TestTrace(t *testing.T) {
	table := build(t, loc(t, "/"), loc(t, "/a/", loc(t, "/a/b"), loc(t, `~ \.in$`)), loc(t, "= /a/x"), loc(t, "^~ /static/"),
		loc(t, "!/user/"), loc(t, `~ \.php$`), loc(t, `~* ^/r`, loc(t, `~ inner$`)), loc(t, `~ .`), loc(t, "@named"))
	for _, c := range []struct{ uri, want string }{
		{"/", `/, ~ \.php$, ~* ^/r, ~ .`},
		{"/a/x", "/, /a/, = /a/x"},
		{"/a/b/c", `/, /a/, /a/b, ~ \.in$, ~ \.php$, ~* ^/r, ~ .`},
		{"/a/b.in", `/, /a/, /a/b, ~ \.in$`},
		{"/static/x.php", "/, ^~ /static/"},
		{"/user", "/, !/user/"},
		{"/x.php", `/, ~ \.php$`},
		{"/r/inner", `/, ~ \.php$, ~* ^/r, ~ inner$`},
		{"", ""},
	} {
		var got []string
		table.Trace([]byte(c.uri), func(l *Location[string]) { got = append(got, l.Value) })
		want := strings.Split(c.want, ", ")
		if c.uri == "" {
			want = []string{`~ \.php$`, "~* ^/r", "~ ."}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", c.uri, got, want)
		}
	}
	(*Locations[string])(nil).Trace([]byte("/"), func(*Location[string]) { t.Error("nothing to test") })
}
