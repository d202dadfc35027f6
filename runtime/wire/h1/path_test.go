package h1

import "testing"

func TestNormalizePath(t *testing.T) {
	for _, c := range []struct {
		in    string
		merge bool
		want  string // "" for InvalidRequest
		args  string
		has   bool
	}{
		{"/a//b///c", true, "/a/b/c", "", false},
		{"/a//b///c", false, "/a//b///c", "", false},
		{"/a//../b", true, "/b", "", false},
		{"/a//../b", false, "/a/b", "", false},
		{"//..", true, "", "", false},
		{"//..", false, "/", "", false},
		{"/a/%2e%2e%2fb?x#y", true, "/b", "x", true},
		{"/a/..?", true, "/", "", true},
		{"/%3f%23%25?a%3f", true, "/?#%", "a%3f", true},
		{"/a#b?c", true, "/a", "", false},
		{"?a=b", true, "/", "a=b", true},
		{"", true, "/", "", false},
		{"/..", true, "", "", false},
		{"/a/../..", true, "", "", false},
		{"/../?", true, "", "", false},
		{"/%00", true, "", "", false},
		{"/%", true, "", "", false},
		{"/%4", true, "", "", false},
		{"/%g0", true, "", "", false},
		{"/%0g", true, "", "", false},
	} {
		var p Path
		st := NormalizePath(nil, []byte(c.in), c.merge, &p)
		if c.want == "" {
			if st != InvalidRequest {
				t.Errorf("%q: %v, %q", c.in, st, p.Path)
			}
			continue
		}
		if st != OK || string(p.Path) != c.want || string(p.Args) != c.args || p.HasArgs != c.has {
			t.Errorf("%q: %v %q %q %v; want %q %q", c.in, st, p.Path, p.Args, p.HasArgs, c.want, c.args)
		}
	}
}

func TestNormalizePathFlags(t *testing.T) {
	for in, want := range map[string]Path{
		"/a/./b":  {},
		"/a%20b":  {Quoted: true},
		"/a+b":    {PlusInURI: true},
		"/a%2Bb":  {Quoted: true, PlusInURI: true},
		"/a?b+%2": {},
	} {
		var p Path
		NormalizePath(nil, []byte(in), true, &p)
		if p.Quoted != want.Quoted || p.PlusInURI != want.PlusInURI {
			t.Errorf("%q: %+v", in, p)
		}
	}
}

func TestParseUnsafeURI(t *testing.T) {
	for _, c := range []struct {
		in, path, args string
		ok             bool
	}{
		{"/a/b?c", "/a/b", "c", true},
		{"a%20b?c%20", "a b", "c%20", true},
		{"/a..b/...", "/a..b/...", "", true},
		{"%", "", "", true},
		{"/%3f?x", "/?", "x", true},
		{in: ""},
		{in: "?a"},
		{in: ".."},
		{in: "../a"},
		{in: "/a/.."},
		{in: "/a/../b"},
		{in: "/a\x00"},
		{in: "/a%00"},
		{in: "%2e%2e/a"},
		{in: "/a/%2e./b"},
		{in: "/a%2f.."},
	} {
		path, args, ok := ParseUnsafeURI(nil, []byte(c.in))
		if ok != c.ok || ok && (string(path) != c.path || string(args) != c.args) {
			t.Errorf("%q: %q %q %v", c.in, path, args, ok)
		}
	}
}

func TestValidateHost(t *testing.T) {
	for _, c := range []struct {
		in, host string // no host: refused
		port     int
	}{
		{"example.com", "example.com", 0},
		{"Example.COM.:8080", "example.com", 8080},
		{"a:", "a", 0},
		{"a:00080", "a", 80},
		{"a:65535", "a", 65535},
		{"[::1]", "[::1]", 0},
		{"[2001:DB8::1]:443", "[2001:db8::1]", 443},
		{"[]", "[]", 0},
		{".a", ".a", 0},
		{"a%2F!$&'()*+,;=~_", "a%2f!$&'()*+,;=~_", 0},
		{in: ""},
		{in: "."},
		{in: ":80"},
		{in: "a..b"},
		{in: "a:65536"},
		{in: "a:99999999999999999999"},
		{in: "a:8x"},
		{in: "a:8:8"},
		{in: "a/b"},
		{in: "a b"},
		{in: "a\x00"},
		{in: "a\xff"},
		{in: "a@b"},
		{in: "[::1"},
		{in: "[::1]a"},
		{in: "[::1]."},
		{in: "[a%25]"},
		{in: "a]"},
	} {
		host, port, ok := ValidateHost(nil, []byte(c.in))
		if ok != (c.host != "") || string(host) != c.host || port != c.port {
			t.Errorf("%q: %q %d %v, want %q %d", c.in, host, port, ok, c.host, c.port)
		}
	}
}
