package mirror_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/emptygif"
	"github.com/sluiceproxy/sluice/runtime/module/mirror"
	"github.com/sluiceproxy/sluice/runtime/module/proxy"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

// target answers every request with 200 once release is closed, and reports
// what it got: "METHOD uri body".
func target(t *testing.T, release chan struct{}) (addr string, got chan string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got = make(chan string, 100)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			in := textproto.NewReader(bufio.NewReader(c))
			line, _ := in.ReadLine()
			fields, _ := in.ReadMIMEHeader()
			n := 0
			_, _ = fmt.Sscan(fields.Get("Content-Length"), &n)
			body := make([]byte, n)
			_, _ = io.ReadFull(in.R, body)
			got <- strings.TrimSuffix(line, " HTTP/1.1") + " " + string(body)
			<-release
			_, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\nmirrored")
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-over })
	return ln.Addr().String(), got
}

// sent returns what the target got for n requests, in order of the alphabet.
func sent(got chan string, n int) (list []string) {
	for range n {
		list = append(list, <-got)
	}
	slices.Sort(list)
	return list
}

func TestMirror(t *testing.T) {
	release := make(chan struct{})
	addr, got := target(t, release)
	s := httptest.New(t, strings.NewReplacer("ADDR", addr).Replace(`server {
		location / { mirror /one; mirror /two; empty_gif; }
		location /off { mirror off; empty_gif; }
		location /bodyless { mirror /one; mirror_request_body off; empty_gif; }
		location /one { internal; proxy_pass http://ADDR/1$request_uri; }
		location /two { internal; proxy_pass http://ADDR; }
	}`), pass.Module(), proxy.Module(), mirror.Module(), emptygif.Module())
	post := func(target string) httptest.Response {
		return s.Do("POST " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody")
	}
	for _, c := range []struct {
		target string
		want   []string
	}{
		{"/a?b=c", []string{"POST /1/a?b=c body", "POST /two?b=c body"}},
		{"/off", nil},
	} {
		// The mirrors are not answered yet: the request does not wait for them.
		if r := post(c.target); r.Status != 405 /* empty_gif knows no POST */ {
			t.Errorf("%s: %+v", c.target, r)
		}
		if len(c.want) > 0 {
			close(release)
		}
		if list := sent(got, len(c.want)); !slices.Equal(list, c.want) {
			t.Errorf("%s: %q, want %q", c.target, list, c.want)
		}
	}
	if r := s.Get("/bodyless"); r.Status != 200 {
		t.Errorf("%+v", r)
	}
	if list := sent(got, 1); list[0] != "GET /1/bodyless " {
		t.Errorf("%q", list)
	}
}

// The connection's next request is served, and ends, before the mirror of the
// first is answered; then the connection goes, and quitting waits.
func TestMirrorOutlivesItsConnection(t *testing.T) {
	release := make(chan struct{})
	addr, got := target(t, release)
	s := httptest.New(t, `server {
		location / { mirror /m; empty_gif; }
		location /m { internal; proxy_pass http://`+addr+`/$request_uri$http_x_long-$remote_addr-$server_addr-$server_protocol; }
		location /plain { return 200 "plain"; }
	}`, pass.Module(), proxy.Module(), rewrite.Module(), mirror.Module(), emptygif.Module())
	long := strings.Repeat("x", 900)
	if r := s.Do("GET /?n=1 HTTP/1.1\r\nHost: h\r\nX-Long: " + long + "\r\n\r\n" +
		"GET /plain HTTP/1.1\r\nHost: h\r\nX-Long: " + strings.Repeat("y", 900) + "\r\nConnection: close\r\n\r\n"); !strings.Contains(r.Body, "plain") {
		t.Errorf("%+v", r)
	}
	if list := sent(got, 1); list[0] != "GET //?n=1"+long+"-unix:-unix:-HTTP/1.1 " {
		t.Errorf("%q", list)
	}
	close(release)
}

func TestLoad(t *testing.T) {
	for conf, want := range map[string]string{
		"mirror /a; mirror /b;":    "",
		"mirror off;":              "",
		"mirror off; mirror off;":  `"mirror" directive is duplicate`,
		"mirror off; mirror /a;":   `"mirror" directive is duplicate`,
		"mirror /a; mirror off;":   `"mirror" directive is duplicate`,
		"mirror_request_body yes;": `invalid value "yes" in "mirror_request_body" directive, it must be "on" or "off"`,
	} {
		_, err := httptest.Load(t, "server { "+conf+" }", mirror.Module())
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", conf, got, want)
		}
	}
}
