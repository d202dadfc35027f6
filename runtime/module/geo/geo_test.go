package geo_test

import (
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/geo"
	"github.com/sluiceproxy/sluice/runtime/module/realip"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

func TestGeo(t *testing.T) {
	const from = "X-Real-IP: " // the client is a unix socket: realip gives it an address
	const forwarded = "X-Forwarded-For: "
	for _, c := range []struct {
		name, conf string
		fields     []string
		want       string
	}{
		{"unix socket", `geo $g { default d; 255.255.255.255 none; }`, nil, "none"},
		{"client", `geo $g { default d; 192.0.2.0/24 near; }`, []string{from + "192.0.2.7"}, "near"},
		{"default", `geo $g { default d; 192.0.2.0/24 near; }`, []string{from + "192.0.3.7"}, "d"},
		{"no default", `geo $g { 192.0.2.0/24 near; }`, []string{from + "192.0.3.7"}, ""},
		{"IPv6", `geo $g { default d; 2001:db8::/32 six; }`, []string{from + "2001:db8::1"}, "six"},
		{"IPv6 in ranges", `geo $g { ranges; default d; 192.0.2.0-192.0.2.9 r; }`, []string{from + "2001:db8::1"}, "d"},
		{"range", `geo $g { ranges; default d; 192.0.2.0-192.0.2.9 r; }`, []string{from + "192.0.2.9"}, "r"},
		{"from a variable", `geo $http_addr $g { default d; 192.0.2.0/24 near; }`, []string{"Addr: 192.0.2.7"}, "near"},
		{"from a variable without a value", `geo $http_addr $g { default d; 255.255.255.255 none; }`, nil, "none"},
		{"from a variable that is no address", `geo $http_addr $g { default d; 255.255.255.255 none; }`, []string{"Addr: x"}, "none"},
		{"trusted proxy", `geo $g { proxy 10.0.0.1; default d; 192.0.2.0/24 near; }`, []string{from + "10.0.0.1", forwarded + "192.0.2.1"}, "near"},
		{"other proxy", `geo $g { proxy 10.0.0.1; default d; 192.0.2.0/24 near; }`, []string{from + "10.0.0.2", forwarded + "192.0.2.1"}, "d"},
		{"recursive", `geo $g { proxy 10.0.0.0/8; proxy_recursive; default d; 192.0.2.0/24 near; }`, []string{from + "10.0.0.1", forwarded + "192.0.2.1, 10.0.0.2"}, "near"},
		{"not recursive", `geo $g { proxy 10.0.0.0/8; default d; 192.0.2.0/24 near; }`, []string{from + "10.0.0.1", forwarded + "192.0.2.1, 10.0.0.2"}, "d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := c.conf + ` set_real_ip_from unix:; server { return 200 "$g"; }`
			s := httptest.New(t, conf, rewrite.Module(), geo.Module(), realip.Module())
			if got := s.Get("/", c.fields...).Body; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ conf, want string }{
		{`geo a { }`, `invalid variable name "a"`},
		{`geo $a b { }`, `invalid variable name "b"`},
		{`geo $uri { }`, `the duplicate "uri" variable`},
		{`geo $a { 1.2.3.4; }`, "invalid number of the geo parameters"},
		{`geo $a { x y; }`, `invalid network "x"`},
		{`geo $a { proxy x; }`, `invalid network "x"`},
		{`geo $a { 1.2.3.4 a; ranges; }`, `the "ranges" directive must be the first directive inside "geo" block`},
		{`geo $a { ranges; x y; }`, `invalid range "x"`},
		{`geo $a { ranges; 1.2.3.0-1.2.3.9 a; 1.2.3.5-1.2.3.10 b; }`, `range "1.2.3.5-1.2.3.10" overlaps "1.2.3.0-1.2.3.9"`},
		{`geo $a { a { } }`, `unexpected "{"`},
	} {
		t.Run(c.conf, func(t *testing.T) {
			_, err := httptest.Load(t, c.conf, geo.Module())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct{ conf, want string }{
		{`geo $a { 1.2.3.4/8 a; }`, "low address bits of 1.2.3.4/8 are meaningless"},
		{`geo $a { 1.0.0.0/8 a; 1.0.0.0/8 b; }`, `duplicate network "1.0.0.0/8", value: "b", old value: "a"`},
		{`geo $a { default a; default b; }`, `duplicate network "default", value: "b", old value: "a"`},
		{`geo $a { delete 1.0.0.0/8; }`, `no network "1.0.0.0/8" to delete`},
		{`geo $a { ranges; default a; default b; }`, `duplicate default geo range value: "b", old value: "a"`},
		{`geo $a { ranges; 1.2.3.4-1.2.3.5 a; 1.2.3.4-1.2.3.5 b; }`, `duplicate range "1.2.3.4-1.2.3.5", value: "b", old value: "a"`},
		{`geo $a { ranges; delete 1.2.3.4-1.2.3.5; }`, `no address range "1.2.3.4-1.2.3.5" to delete`},
	} {
		t.Run(c.conf, func(t *testing.T) {
			warnings, err := httptest.Load(t, c.conf, geo.Module())
			if err != nil || len(warnings) == 0 || !strings.Contains(warnings[0], c.want) {
				t.Errorf("%v, %v, want %s", warnings, err, c.want)
			}
		})
	}
}
