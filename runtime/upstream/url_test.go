package upstream

import (
	"testing"
)

func TestParseURL(t *testing.T) {
	for _, c := range []struct {
		in                   string
		uri                  bool
		host, port, rest, is string // is: the address of a literal
		err                  string
	}{
		{in: "app", host: "app"},
		{in: "app:8080", host: "app", port: "8080"},
		{in: "app/x?y", uri: true, host: "app", rest: "/x?y"},
		{in: "app?x/y", uri: true, host: "app", rest: "?x/y"},
		{in: "app:80/x:1", uri: true, host: "app", port: "80", rest: "/x:1"},
		{in: "app/x", err: "invalid host"},
		{in: "127.0.0.1", host: "127.0.0.1", is: "127.0.0.1:81"},
		{in: "127.0.0.1:1", host: "127.0.0.1", port: "1", is: "127.0.0.1:1"},
		{in: "010.0.0.012:1", host: "010.0.0.012", port: "1", is: "10.0.0.12:1"}, // octets are decimal
		{in: "010.0.0.0x1", host: "010.0.0.0x1"},
		{in: "[::1]", host: "[::1]", is: "[::1]:81"},
		{in: "[::1]:1/", uri: true, host: "[::1]", port: "1", rest: "/", is: "[::1]:1"},
		{in: "[::1", err: "invalid host"},
		{in: "[::1]x", err: "invalid host"},
		{in: "[x]", err: "invalid IPv6 address"},
		{in: "[fe80::1%lo]", err: "invalid IPv6 address"},
		{in: "[127.0.0.1]", err: "invalid IPv6 address"},
		{in: "[]", err: "no host"},
		{in: "", err: "no host"},
		{in: ":80", err: "no host"},
		{in: "/x", uri: true, err: "no host"},
		{in: "app:0", err: "invalid port"},
		{in: "app:65536", err: "invalid port"},
		{in: "app:", err: "invalid port"},
		{in: "app:1x", err: "invalid port"},
		{in: "app:99999999999999999999", err: "invalid port"},
		{in: "unix:/s", host: "/s", is: "unix:/s"},
		{in: "UNIX:/s:/x:y", uri: true, host: "/s", rest: "/x:y", is: "unix:/s"},
		{in: "unix:", err: "no path in the unix domain socket"},
		{in: "unix:/" + string(make([]byte, 107)), err: "too long path in the unix domain socket"},
	} {
		u, err := ParseURL(c.in, 81, c.uri)
		if err != nil || c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%q: %v, want %q", c.in, err, c.err)
			}
			continue
		}
		is := ""
		if len(u.Addrs) > 0 {
			is = u.Addrs[0].String()
		}
		if u.Host != c.host || u.PortText != c.port || u.URI != c.rest || is != c.is {
			t.Errorf("%q: %+v (%s)", c.in, u, is)
		}
		if u.NoPort != (c.port == "") && !u.Unix {
			t.Errorf("%q: NoPort is %v", c.in, u.NoPort)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, s := range []string{"app:8080/x", "[::1]:80", "unix:/s:/x", "127.0.0.1", "a?b:1", "[", ":", "unix:"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, uri bool) {
		u, err := ParseURL(s, 80, uri)
		if err != nil {
			return
		}
		if u.Host == "" || u.URI != "" && !uri || !u.Unix && (u.Port < 1 || u.Port > 65535) {
			t.Errorf("%q: %+v", s, u)
		}
	})
}
