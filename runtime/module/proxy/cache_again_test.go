package proxy_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/addition"
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
	for until := time.Now().Add(10 * time.Second); parts() < 4; time.Sleep(time.Millisecond) {
		r := s.Do("POST /page%3f?a=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")
		if r.Status != 200 || !strings.Contains(r.Body, "part") || time.Now().After(until) {
			t.Fatalf("%d %q, log %s", r.Status, r.Body, s.Log())
		}
	}
	if log := s.Log(); strings.Contains(log, "collision") {
		t.Error(log)
	}
}
