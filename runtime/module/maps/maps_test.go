package maps_test

import (
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/maps"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

func TestMap(t *testing.T) {
	for _, c := range []struct{ name, conf, target, want string }{
		{"value with a variable", `map $arg_v $m { a "<$uri>"; }`, "/?v=a", "</>"},
		{"default", `map $arg_v $m { default d; a b; }`, "/?v=x", "d"},
		{"no default", `map $arg_v $m { a b; }`, "/?v=x", ""},
		{"several variables", `map "$arg_v-$arg_w" $m { 1-2 yes; }`, "/?v=1&w=2", "yes"},
		{"escaped word", `map $arg_v $m { \default literal; default d; }`, "/?v=default", "literal"},
		{"expression with captures", `map $arg_v $m { ~^(\w)(\w) "$2$1"; }`, "/?v=ab", "ba"},
		{"expression with a named group", `map $arg_v $m { ~^(?<first>\w) "first $first"; }`, "/?v=ab", "first a"},
		{"expression, case", `map $arg_v $m { ~B no; ~*B "yes"; }`, "/?v=ab", "yes"},
		{"expressions in order", `map $arg_v $m { ~a first; ~ab second; }`, "/?v=ab", "first"},
		{"text before expressions", `map $arg_v $m { ~a first; ab text; }`, "/?v=ab", "text"},
		{"expressions need a text", `map $arg_v $m { ~^$ never; default d; }`, "/?v=", "d"},
		{"map of a map", `map $arg_v $n { a b; } map $n $m { b c; }`, "/?v=a", "c"},
		{"host names", `map $host $m { hostnames; *.a.example "wild"; }`, "/", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.New(t, c.conf+` server { return 200 "$m"; }`, rewrite.Module(), maps.Module())
			if got := s.Get(c.target).Body; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestCaching(t *testing.T) {
	const conf = `map $arg_v $once { default $uri; } map $arg_v $always { volatile; default $uri; }
		server { set $a "$once $always"; rewrite ^ /second; return 200 "$a $once $always"; }`
	s := httptest.New(t, conf, rewrite.Module(), maps.Module())
	if got, want := s.Get("/first").Body, "/first /first /first /second"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAssignedVolatile(t *testing.T) {
	const conf = `map $arg_v $m { volatile; default computed; } server { set $m assigned; return 200 $m; }`
	s := httptest.New(t, conf, rewrite.Module(), maps.Module())
	if got := s.Get("/").Body; got != "assigned" {
		t.Errorf("%q", got)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ conf, want string }{
		{`map a b { }`, `invalid variable name "b"`},
		{`map a $ { }`, `invalid variable name "$"`},
		{`map a $uri { }`, `the duplicate "uri" variable`},
		{`map a $b { a; }`, "invalid number of the map parameters"},
		{`map a $b { volatile 1 2; }`, "invalid number of the map parameters"},
		{`map a $b { default 1; default 2; }`, "duplicate default map parameter"},
		{`map a $b { a 1; A 2; }`, `conflicting parameter "a"`},
		{`map a $b { hostnames; a..b 1; }`, `invalid hostname or wildcard "a..b"`},
		{`map a $b { ~( 1; }`, "pcre2_compile() failed"},
		{`map a $b { a $; }`, "invalid variable name"},
		{`map a $b { a { } }`, `unexpected "{"`},
	} {
		t.Run(c.conf, func(t *testing.T) {
			_, err := httptest.Load(t, c.conf, maps.Module())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}
