package proxy_test

import (
	"crypto/md5"
	"encoding/hex"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// named is a backend that says its name, and sets the cookie SID to what the request asks for with X-New.
func named(t *testing.T, name string) *backend {
	t.Helper()
	return newBackend(t, func(req string, c net.Conn) bool {
		cookie := ""
		if _, rest, ok := strings.Cut(req, "X-New: "); ok {
			id, _, _ := strings.Cut(rest, "\r\n")
			cookie = "Set-Cookie: SID=" + id + "; path=/\r\n"
		}
		_, err := c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" + cookie + "\r\n" + name))
		return err == nil
	})
}

// hashOf is what sticky calls a backend without a route.
func hashOf(b *backend) string {
	sum := md5.Sum([]byte(b.addr))
	return hex.EncodeToString(sum[:])
}

func TestStickyCookie(t *testing.T) {
	a, b := named(t, "a"), named(t, "b")
	conf := func(params, first string) string {
		return "upstream u { server " + a.addr + first + "; server " + b.addr + " route=b; sticky cookie srv-id " + params +
			"; } server { location / { proxy_pass http://u; } }"
	}
	for _, c := range []struct{ name, params, first, target, cookie, peer, want string }{
		{"first request", "", " route=a", "/", "", "a", "srv-id=a"},
		{"without a route", "", "", "/", "", "a", "srv-id=" + hashOf(a)},
		{"bound", "", " route=a", "/", "srv-id=b", "b", "srv-id=b"},
		{"bound to a hash", "", "", "/", "srv-id=" + hashOf(a), "a", "srv-id=" + hashOf(a)},
		{"to no server", "", " route=a", "/", "srv-id=c", "a", "srv-id=a"},
		{"to one that is down", "", " route=a down", "/", "srv-id=a", "b", "srv-id=b"},
		{"to one that drains", "", " route=a drain", "/", "srv-id=a", "a", "srv-id=a"},
		{"not to one that drains", "", " route=a drain", "/", "", "b", "srv-id=b"},
		{
			"all attributes", "expires=max domain=.x.y httponly secure samesite=Lax path=/", " route=a", "/", "", "a",
			"srv-id=a; expires=Thu, 31-Dec-37 23:55:55 GMT; max-age=315360000; domain=.x.y; httponly; secure; samesite=Lax; path=/",
		},
		{"variables", "domain=$arg_d samesite=$arg_s", " route=a", "/?d=e.f&s=none", "", "a", "srv-id=a; domain=e.f; samesite=none"},
		{"variables that are empty", "domain=$arg_d samesite=$arg_s", " route=a", "/", "", "a", "srv-id=a"},
		{"a wrong variable", "samesite=$arg_s", " route=a", "/?s=x", "", "a", "srv-id=a; samesite=strict"},
	} {
		s := httptest.New(t, conf(c.params, c.first), modules()...)
		got := s.Get(c.target, "Cookie: "+c.cookie)
		if set := got.Header.Get("Set-Cookie"); got.Body != c.peer || set != c.want {
			t.Errorf("%s: %s, Set-Cookie %q, want %s, %q", c.name, got.Body, set, c.peer, c.want)
		}
	}
	s := httptest.New(t, conf("expires=1h", " route=a"), modules()...)
	if set := s.Get("/").Header.Get("Set-Cookie"); !strings.Contains(set, " GMT; max-age=3600") || !strings.HasPrefix(set, "srv-id=a; expires=") {
		t.Errorf("%q", set)
	}
}

// TestStickyCookieOfTheLast: one cookie, of the server that has answered.
func TestStickyCookieOfTheLast(t *testing.T) {
	b := named(t, "b")
	s := httptest.New(t, "upstream u { server 127.0.0.1:1 route=dead; server "+b.addr+` route=b; sticky cookie s; }
		server { location / { proxy_pass http://u; } }`, modules()...)
	got := s.Get("/")
	if set := got.Header["Set-Cookie"]; got.Body != "b" || len(set) != 1 || set[0] != "s=b" {
		t.Errorf("%s %q", got.Body, set)
	}
}

func TestStickyLearn(t *testing.T) {
	a, b := named(t, "a"), named(t, "b")
	for _, when := range []string{"", "header"} {
		s := httptest.New(t, "upstream u { server "+a.addr+"; server "+b.addr+`;
			sticky learn create=$upstream_cookie_sid lookup=$cookie_sid lookup=$arg_sid zone=z:64k timeout=1h `+when+`; }
			server { location / { proxy_pass http://u; } }`, modules()...)
		begun := map[string]string{}
		for _, id := range []string{"one", "two", "three"} {
			begun[id] = s.Get("/", "X-New: "+id).Body
		}
		if begun["one"] == begun["two"] || begun["one"] != begun["three"] {
			t.Errorf("%v", begun)
		}
		for range 3 {
			for id, peer := range begun {
				if got := s.Get("/", "Cookie: SID="+id).Body; got != peer {
					t.Errorf("session %s goes to %s, began with %s", id, got, peer)
				}
				if got := s.Get("/?sid=" + id).Body; got != peer {
					t.Errorf("session %s goes to %s, began with %s", id, got, peer)
				}
			}
		}
	}
}

// TestStickyLearnIsBounded: a full zone forgets the oldest sessions.
func TestStickyLearnIsBounded(t *testing.T) {
	a := named(t, "a")
	s := httptest.New(t, "upstream u { server "+a.addr+` route=a; server 127.0.0.1:1 down;
		sticky learn create=$arg_new lookup=$arg_sid zone=z:32k; }
		server { location / { proxy_pass http://u; } }`, modules()...)
	var more [3]byte
	for i := range 300 {
		more[0], more[1], more[2] = 'a'+byte(i%26), 'a'+byte(i/26%26), 'a'+byte(i/676)
		if got := s.Get("/?new=" + string(more[:])).Status; got != 200 {
			t.Fatal(got)
		}
	}
	if log := s.Log(); !strings.Contains(log, `could not allocate node in sticky session zone "z", expiring least recently used session`) {
		t.Errorf("%s", log)
	}
}

func TestQueue(t *testing.T) {
	release := make(chan struct{})
	began := make(chan struct{}, 10)
	a := newBackend(t, func(_ string, c net.Conn) bool {
		began <- struct{}{}
		<-release
		_, err := c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"))
		return err == nil
	})
	s := httptest.New(t, "upstream u { zone z 64k; server "+a.addr+` max_conns=1; queue 1 timeout=30s; }
		server { location / { proxy_pass http://u; } }`, modules()...)
	var clients sync.WaitGroup
	answers := make(chan httptest.Response, 2)
	for range 2 {
		clients.Go(func() {
			got := s.Get("/")
			for got.Status == 502 { // the place in the queue was that of a request below
				got = s.Get("/")
			}
			answers <- got
		})
	}
	<-began
	// The other one is in the queue, or about to be. Requests that give up leave it.
	var refused httptest.Response
	for range 1000 {
		c := s.Dial()
		_ = c.SetDeadline(time.Now().Add(20 * time.Millisecond))
		_, _ = c.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
		buf := make([]byte, 1000)
		n, _ := c.Read(buf)
		_ = c.Close()
		if strings.HasPrefix(string(buf[:n]), "HTTP/1.1 502") {
			refused.Status = 502
			break
		}
	}
	if refused.Status != 502 || !strings.Contains(s.Log(), "upstream queue is full while connecting to upstream") {
		t.Errorf("a third request: %d\n%s", refused.Status, s.Log())
	}
	close(release)
	clients.Wait()
	for range 2 {
		if got := <-answers; got.Body != "a" {
			t.Errorf("%+v", got)
		}
	}
}

func TestQueueTimesOut(t *testing.T) {
	s := httptest.New(t, `upstream u { server 127.0.0.1:1 down; server 127.0.0.1:2 down; queue 5 timeout=50ms; }
		server { location / { proxy_pass http://u; } }`, modules()...)
	if got := s.Get("/"); got.Status != 502 || !strings.Contains(s.Log(), "upstream queue timed out while connecting to upstream") {
		t.Errorf("%d\n%s", got.Status, s.Log())
	}
}
