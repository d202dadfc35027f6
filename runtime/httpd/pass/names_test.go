package pass

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

func TestNameSet(t *testing.T) {
	s := NewNameSet([]string{"Server", "X-Pad"})
	s.Add("x-own")
	s.Add("X-OWN")
	s.Remove("server")
	s.Remove("X-None")
	for _, c := range []struct {
		name string
		want bool
	}{
		{"Server", false},
		{"x-pad", true},
		{"X-Own", true},
		{"X-Ow", false},
		{"Date", false},
	} {
		if got := s.Has(h1.LookupField([]byte(c.name)), []byte(c.name)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	s.Remove("X-own")
	if s.Has(h1.UnknownField, []byte("x-own")) {
		t.Error("a removed name is still there")
	}
}

func TestCharset(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"text/html", ""},
		{"text/html; charset=UTF-8", "UTF-8"},
		{"text/html;charset=utf-8", "utf-8"},
		{`text/html; charset="koi8-r"`, "koi8-r"},
		{"text/html; q=1; Charset=x", "x"},
		{"text/html;", ""},
		{"text/html; charset=UTF-8;", "UTF-8;"},
	} {
		if got := string(charset([]byte(c.in))); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

// TestStates holds the separators of $upstream_addr and the like: commas between
// attempts, a colon between the upstreams of an internal redirect.
func TestStates(t *testing.T) {
	x := &Exchange{states: []State{
		{Peer: []byte("a:1"), Status: 502, Response: 1},
		{Peer: []byte("b:2"), Status: 200, Response: 12034},
		{},
		{Peer: []byte("c:3"), Response: -1},
	}}
	if got := string(x.join(nil, func(b []byte, s *State) []byte { return append(b, s.Peer...) })); got != "a:1, b:2 : c:3" {
		t.Errorf("%q", got)
	}
	if got := string(x.join(nil, func(b []byte, s *State) []byte { return appendMsec(b, s.Response) })); got != "0.001, 12.034 : -" {
		t.Errorf("%q", got)
	}
}

func TestCookieVariable(t *testing.T) {
	x := &Exchange{}
	x.Response.Fields = []Field{
		{ID: h1.SetCookie, Value: []byte("name; a=b")},
		{ID: h1.SetCookie, Value: []byte("Name = one two ; path=/")},
	}
	if v, ok := x.cookie("name"); !ok || string(v) != "one two " {
		t.Errorf("%q %v", v, ok)
	}
	if v, ok := x.cookie("nam"); ok {
		t.Errorf("a prefix of the name: %q", v)
	}
}

func TestSizesFit(t *testing.T) {
	ok := Settings{BufferSize: 4096, Buffers: conf.Buffers{Num: 8, Size: 4096}, BusySize: -1, MaxTempSize: -1, TempWriteSize: -1}
	for _, c := range []struct {
		name   string
		change func(s *Settings)
		want   string
	}{
		{"defaults", func(*Settings) {}, ""},
		{"one buffer", func(s *Settings) { s.Buffers.Num = 1 }, `there must be at least 2 "proxy_buffers"`},
		{"too busy", func(s *Settings) { s.BusySize = 8 * 4096 }, `"proxy_busy_buffers_size" must be less than the size of all "proxy_buffers" minus one buffer`},
		{"not busy", func(s *Settings) { s.BusySize = 1024 }, `"proxy_busy_buffers_size" must be equal to or greater than the maximum of the value of "proxy_buffer_size" and one of the "proxy_buffers"`},
		{"no temporary file", func(s *Settings) { s.MaxTempSize = 0 }, ""},
		{"a small one", func(s *Settings) { s.MaxTempSize = 1 }, `"proxy_max_temp_file_size" must be equal to zero to disable temporary files usage or must be equal to or greater than the maximum of the value of "proxy_buffer_size" and one of the "proxy_buffers"`},
		{"written in small pieces", func(s *Settings) { s.TempWriteSize = 1 }, `"proxy_temp_file_write_size" must be equal to or greater than the maximum of the value of "proxy_buffer_size" and one of the "proxy_buffers"`},
	} {
		s := ok
		c.change(&s)
		got := ""
		if err := s.Finish("proxy", nil); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLocalAddress(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"127.0.0.1", "127.0.0.1:0"},
		{"127.0.0.1:80", "127.0.0.1:80"},
		{"[::1]:80", "[::1]:80"},
		{"[::1]", "[::1]:0"},
		{"::1", "[::1]:0"},
		{"010.0.0.012", "10.0.0.12:0"},
		{"010.0.0.012:80", "10.0.0.12:80"},
		{"[fe80::1%lo]:80", ""},
		{"127.0.0.1:0", ""},
		{"name", ""},
		{"", ""},
	} {
		a, ok := parseLocal([]byte(c.in))
		if got := a.String(); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%q: %s %v", c.in, got, ok)
		}
	}
}
