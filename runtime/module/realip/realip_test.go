package realip_test

import (
	"io"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/realip"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

const show = ` return 200 "$remote_addr|$remote_port|$realip_remote_addr|$realip_remote_port";`

func TestSources(t *testing.T) {
	for _, c := range []struct {
		name, conf string
		fields     []string
		want       string
	}{
		{"not trusted", `set_real_ip_from 10.0.0.0/8;`, []string{"X-Real-IP: 192.0.2.1"}, "unix:||unix:|"},
		{"X-Real-IP", `set_real_ip_from unix:;`, []string{"X-Real-IP: 192.0.2.1"}, "192.0.2.1||unix:|"},
		{"with a port", `set_real_ip_from unix:;`, []string{"X-Real-IP: 192.0.2.1:77"}, "192.0.2.1|77|unix:|"},
		{"IPv6", `set_real_ip_from unix:;`, []string{"X-Real-IP: 2001:DB8::1"}, "2001:db8::1||unix:|"},
		{"no address", `set_real_ip_from unix:;`, []string{"X-Real-IP: name"}, "unix:||unix:|"},
		{"none", `set_real_ip_from unix:;`, nil, "unix:||unix:|"},
		{"another field", `set_real_ip_from unix:; real_ip_header X-Client;`, []string{"X-Real-IP: 192.0.2.1", "x-client: 192.0.2.2"}, "192.0.2.2||unix:|"},
		{"X-Forwarded-For", `set_real_ip_from unix:; real_ip_header X-Forwarded-For;`, []string{"X-Forwarded-For: 192.0.2.1, 192.0.2.2"}, "192.0.2.2||unix:|"},
		{
			"recursive", `set_real_ip_from unix:; set_real_ip_from 192.0.2.2; real_ip_header X-Forwarded-For; real_ip_recursive on;`,
			[]string{"X-Forwarded-For: 192.0.2.1, 192.0.2.2"},
			"192.0.2.1||unix:|",
		},
		{"no PROXY header", `set_real_ip_from unix:; real_ip_header proxy_protocol;`, []string{"X-Real-IP: 192.0.2.1"}, "unix:||unix:|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.New(t, "server { "+c.conf+show+" }", rewrite.Module(), realip.Module())
			if got := s.Get("/", c.fields...).Body; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestOneRequest: the next request of the connection has the peer's address.
func TestOneRequest(t *testing.T) {
	s := httptest.New(t, `server { set_real_ip_from unix:;`+show+` }`, rewrite.Module(), realip.Module())
	c := s.Dial()
	defer func() { _ = c.Close() }()
	_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nX-Real-IP: 192.0.2.1\r\n\r\n"+
		"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Real-IP: 192.0.2.2\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(all)) {
		if addr, _, ok := strings.Cut(line, "|"); ok {
			got = append(got, strings.TrimSuffix(addr, "HTTP/1.1 200 OK"))
		}
	}
	if want := "192.0.2.1 unix: 192.0.2.2"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
}

// TestEarlierValue: what was computed before a location replaced the address
// keeps its text, as every cached variable does.
func TestEarlierValue(t *testing.T) {
	const conf = `server {
		set $before $remote_addr;
		location / { set_real_ip_from unix:; error_page 404 = /show; }
		location /show { return 200 "$before|$remote_addr|$remote_port"; }
	}`
	s := httptest.New(t, conf, rewrite.Module(), realip.Module())
	if r := s.Get("/none", "X-Real-IP: 192.0.2.1:77"); r.Body != "unix:|unix:|77" {
		t.Errorf("%q", r.Body)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ conf, want string }{
		{`set_real_ip_from name.invalid;`, `host not found in set_real_ip_from "name.invalid"`},
		{`set_real_ip_from 10.0.0.0/33;`, `host not found in set_real_ip_from "10.0.0.0/33"`},
		{`real_ip_header a; real_ip_header b;`, `"real_ip_header" directive is duplicate`},
		{`real_ip_recursive yes;`, `it must be "on" or "off"`},
	} {
		t.Run(c.conf, func(t *testing.T) {
			_, err := httptest.Load(t, c.conf, realip.Module())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	warnings, err := httptest.Load(t, `set_real_ip_from 10.1.1.1/8;`, realip.Module())
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "low address bits of 10.1.1.1/8 are meaningless") {
		t.Errorf("%v, %v", warnings, err)
	}
}
