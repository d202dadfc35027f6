package proxy_test

import (
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestCachePurge: a purge means an entry with its variants, or all entries that begin with a key.
func TestCachePurge(t *testing.T) {
	var asked atomic.Int32
	b := newBackend(t, func(req string, c net.Conn) bool {
		n := asked.Add(1)
		_, lang, _ := strings.Cut(req, "Accept-Language: ")
		lang, _, _ = strings.Cut(lang, "\r\n")
		body := fmt.Sprintf("%s %d", lang, n)
		_, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nVary: Accept-Language\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		return err == nil
	})
	s := httptest.New(t, fmt.Sprintf(`
		proxy_cache_path %s keys_zone=a:1m purger=on;
		server {
			location / {
				proxy_pass http://%s;
				proxy_cache a;
				proxy_cache_key $uri;
				proxy_cache_valid 1h;
				proxy_cache_purge $http_x_purge;
			}
		}`, t.TempDir(), b.addr), modules()...)
	get := func(want string, status int, fields ...string) {
		t.Helper()
		if got := s.Get("/some/page", fields...); got.Status != status || want != "" && got.Body != want {
			t.Errorf("%v: %d %q, want %d %q", fields, got.Status, got.Body, status, want)
		}
	}
	for range 2 {
		get("en 1", 200, "Accept-Language: en")
		get("de 2", 200, "Accept-Language: de")
	}
	get("", 204, "X-Purge: 1")
	get("", 404, "X-Purge: 1")
	for range 2 {
		get("en 3", 200, "Accept-Language: en")
		get("de 4", 200, "Accept-Language: de")
	}
	if got := s.Get("/some/*", "X-Purge: 1"); got.Status != 204 {
		t.Errorf("%d %q", got.Status, got.Body)
	}
	for range 2 {
		get("en 5", 200, "Accept-Language: en")
		get("de 6", 200, "Accept-Language: de")
	}
}
