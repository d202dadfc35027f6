package proxy_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/addition"
	"github.com/sluiceproxy/sluice/runtime/module/mirror"
)

// TestCacheUpdateOfSubrequest: the update in the background of what a subrequest has found asks for the same as the subrequest
// did: the same key, and the same variables of the main request.
func TestCacheUpdateOfSubrequest(t *testing.T) {
	b := newBackend(t, func(req string, c net.Conn) bool {
		return say("HTTP/1.1 200 OK\r\nX-Accel-Expires: @1\r\nContent-Length: 4\r\n\r\npart")(req, c)
	})
	conf := strings.ReplaceAll(`proxy_cache_path `+t.TempDir()+` keys_zone=z:1m use_temp_path=off;
		server {
			location /page { add_after_body /part; addition_types *; proxy_pass http://BACKEND/page; }
			location = /part {
				proxy_cache z; proxy_cache_key "$request_method $uri"; proxy_cache_use_stale updating;
				proxy_cache_background_update on; proxy_cache_valid 1h;
				proxy_set_header Seen "$request_method $request_uri $uri"; proxy_pass http://BACKEND/part;
			}
		}`, "BACKEND", b.addr)
	s := httptest.New(t, conf, append(modules(), addition.Module())...)
	parts := func() (n int) {
		for _, q := range b.requests() {
			if !strings.HasPrefix(q, "GET /part") {
				continue
			}
			n++
			if !strings.Contains(q, "\r\nSeen: POST /page%3f?a=1 /part\r\n") {
				t.Errorf("%q", q)
			}
		}
		return n
	}
	for until := time.Now().Add(time.Minute); parts() < 4; time.Sleep(time.Millisecond) {
		r := s.Do("POST /page%3f?a=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")
		if r.Status != 200 || !strings.Contains(r.Body, "part") || time.Now().After(until) {
			t.Fatalf("%d %q, log %s", r.Status, r.Body, s.Log())
		}
	}
	if log := s.Log(); strings.Contains(log, "collision") {
		t.Error(log)
	}
}

// TestBesideBounded: a client that sends its requests one behind the other has few requests at work in the background,
// updates of the cache or mirrors, however many ask for one.
func TestBesideBounded(t *testing.T) {
	const requests, most = 40, 8
	for _, target := range []string{"/cached/", "/mirrored/"} {
		var working, peak atomic.Int64
		slow := make(chan struct{})
		var hold atomic.Bool
		b := newBackend(t, func(req string, c net.Conn) bool {
			if strings.Contains(req, "/main/") || !hold.Load() {
				return say("HTTP/1.1 200 OK\r\nX-Accel-Expires: @1\r\nContent-Length: 2\r\n\r\nok")(req, c)
			}
			n := working.Add(1)
			for old := peak.Load(); n > old && !peak.CompareAndSwap(old, n); old = peak.Load() {
			}
			<-slow
			working.Add(-1)
			return say(ok)(req, c)
		})
		conf := strings.ReplaceAll(`proxy_cache_path `+t.TempDir()+` keys_zone=z:1m use_temp_path=off;
			server {
				location /cached/ {
					proxy_cache z; proxy_cache_key $uri; proxy_cache_valid 1h; proxy_cache_use_stale updating;
					proxy_cache_background_update on; proxy_pass http://BACKEND;
				}
				location /mirrored/ { mirror /copy; proxy_pass http://BACKEND/main/; }
				location = /copy { internal; proxy_pass http://BACKEND; }
			}`, "BACKEND", b.addr)
		s := httptest.New(t, conf, append(modules(), mirror.Module())...)
		for i := range requests {
			s.Get(fmt.Sprint(target, i))
		}
		hold.Store(true)
		c := s.Dial()
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		for i := range requests {
			_, _ = fmt.Fprintf(c, "GET %s%d HTTP/1.1\r\nHost: a\r\n\r\n", target, i)
		}
		for until := time.Now().Add(time.Minute); working.Load() < most && time.Now().Before(until); {
			time.Sleep(time.Millisecond)
		}
		for until := time.Now().Add(200 * time.Millisecond); working.Load() <= most+1 && time.Now().Before(until); {
			time.Sleep(time.Millisecond) // for those that must not come
		}
		close(slow)
		_, _ = io.WriteString(c, "GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		all, err := io.ReadAll(c)
		_ = c.Close()
		if n := strings.Count(string(all), "HTTP/1.1 200 OK"); err != nil || n != requests {
			t.Errorf("%s: %d responses, %v", target, n, err)
		}
		if n := peak.Load(); n < most || n > most+1 { // a request that finds no place among them updates by itself
			t.Errorf("%s: %d requests upstream at a time", target, n)
		}
	}
}
