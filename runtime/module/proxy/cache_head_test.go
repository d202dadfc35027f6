package proxy_test

import (
	"net"
	"strings"
	"testing"
)

// TestCachedHead: what a HEAD request has left in the cache, where such requests are passed on as they are, is no response to
// GET, and does not take the place of one.
func TestCachedHead(t *testing.T) {
	for _, length := range []string{"Content-Length: 5\r\n", ""} {
		b := newBackend(t, func(req string, c net.Conn) bool {
			text := "HTTP/1.1 200 OK\r\n" + length + "\r\n"
			if strings.HasPrefix(req, "GET") {
				text += "hello"
			}
			return say(text)(req, c)
		})
		body := "hello"
		if length == "" {
			body = "5\r\nhello\r\n0\r\n\r\n"
		}
		for _, lock := range []string{"off", "on"} {
			s, _ := cached(t, b, `proxy_cache_convert_head off; proxy_cache_lock `+lock+`;
				location /short { proxy_cache_valid 200 1s; proxy_pass http://BACKEND; }`)
			head := func(target string) (status string) {
				t.Helper()
				r := s.Do("HEAD " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
				if r.Status != 200 || r.Body != "" {
					t.Errorf("HEAD %s: %d %q", target, r.Status, r.Body)
				}
				return r.Header.Get("X-Cache")
			}
			if first, second := head("/a"), head("/a"); first != "MISS" || second != "HIT" {
				t.Errorf("HEAD: %s, %s", first, second)
			}
			expectCache(t, s, "/a", "MISS", body)
			expectCache(t, s, "/a", "HIT", body)
			if status := head("/a"); status != "HIT" {
				t.Errorf("HEAD of the response to GET: %s", status)
			}
			if lock == "on" {
				continue
			}
			expectCache(t, s, "/short", "MISS", body)
			for head("/short") != "EXPIRED" {
			}
			expectCache(t, s, "/short", "EXPIRED", body) // and not a miss: it is still there
		}
	}
}
