package proxy_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// cached serves a location with a cache in a folder of its own, which it returns.
func cached(t *testing.T, b *backend, conf string) (s *httptest.Server, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "cache")
	return serve(t, b, "proxy_cache_path "+dir+` levels=1:2 use_temp_path=off keys_zone=z:1m;
		server { proxy_cache z; proxy_cache_valid any 1h; add_header X-Cache $upstream_cache_status always;
			`+conf+` location / { proxy_pass http://BACKEND; } }`), dir
}

// entries are the files of a cache.
func entries(t *testing.T, dir string) (list []string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			list = append(list, path)
		}
		return nil
	})
	return list
}

// expectCache asks and compares $upstream_cache_status and the body.
func expectCache(t *testing.T, s *httptest.Server, target, status, body string, fields ...string) {
	t.Helper()
	r := s.Get(target, fields...)
	if r.Header.Get("X-Cache") != status || r.Body != body {
		t.Errorf("%s: %d %s %q, want %s %q, log %s", target, r.Status, r.Header.Get("X-Cache"), r.Body, status, body, s.Log())
	}
}

// TestCacheLock: of many requests for one key that is not cached one asks the upstream server.
func TestCacheLock(t *testing.T) {
	const clients = 300
	var asked atomic.Int64
	release := make(chan struct{})
	b := newBackend(t, func(_ string, c net.Conn) bool {
		asked.Add(1)
		<-release
		return say(ok)("", c)
	})
	s, _ := cached(t, b, "proxy_cache_lock on; proxy_cache_lock_age 1h; proxy_cache_lock_timeout 1h;")
	var group sync.WaitGroup
	var began, wrong atomic.Int64
	for range clients {
		group.Go(func() {
			c := s.Dial()
			defer func() { _ = c.Close() }()
			_, _ = io.WriteString(c, "GET /a HTTP/1.0\r\n\r\n")
			began.Add(1)
			if got, _ := io.ReadAll(c); !bytes.HasSuffix(got, []byte("ok")) {
				wrong.Add(1)
			}
		})
	}
	for began.Load() < clients || asked.Load() == 0 {
		time.Sleep(time.Millisecond) // until all of them have asked
	}
	close(release)
	group.Wait()
	if asked.Load() != 1 || wrong.Load() != 0 {
		t.Errorf("%d requests upstream, %d wrong responses, log %s", asked.Load(), wrong.Load(), s.Log())
	}
}

// TestCacheLockTimeout: who has waited too long asks himself, and what he gets is not stored.
func TestCacheLockTimeout(t *testing.T) {
	release := make(chan struct{})
	b := newBackend(t, func(_ string, c net.Conn) bool {
		<-release
		return say(ok)("", c)
	}, say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother"))
	s, _ := cached(t, b, "proxy_cache_lock on; proxy_cache_lock_age 1h; proxy_cache_lock_timeout 1;")
	first := make(chan httptest.Response)
	go func() { first <- s.Get("/a") }()
	for len(b.requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	expectCache(t, s, "/a", "MISS", "other")
	close(release)
	if r := <-first; r.Body != "ok" {
		t.Errorf("%q", r.Body)
	}
	expectCache(t, s, "/a", "HIT", "ok")
	if log := s.Log(); !strings.Contains(log, "cache lock timeout") {
		t.Error(log)
	}
}

// TestCacheLockGone: a client that leaves while its request waits is not waited for.
func TestCacheLockGone(t *testing.T) {
	release := make(chan struct{})
	b := newBackend(t, func(_ string, c net.Conn) bool {
		<-release
		return say(ok)("", c)
	})
	s, _ := cached(t, b, "proxy_cache_lock on; proxy_cache_lock_age 1h; proxy_cache_lock_timeout 1h;")
	first := make(chan httptest.Response)
	go func() { first <- s.Get("/a") }()
	for len(b.requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	c := s.Dial()
	if _, err := io.WriteString(c, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	for !strings.Contains(s.Log(), "client prematurely closed connection") {
		time.Sleep(time.Millisecond)
	}
	close(release)
	<-first
}

// TestCacheClientLeaves: what a client does not wait for is stored nevertheless.
func TestCacheClientLeaves(t *testing.T) {
	for _, early := range []bool{true, false} {
		left, done := make(chan struct{}), make(chan error, 1)
		b := newBackend(t, func(_ string, c net.Conn) bool {
			if early {
				<-left
			}
			done <- sendBig(c, "Content-Length: "+strconv.Itoa(len(big))+"\r\n")
			return false
		})
		s, _ := cached(t, b, "")
		c := s.Dial()
		if _, err := io.WriteString(c, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if early {
			for len(b.requests()) == 0 {
				time.Sleep(time.Millisecond)
			}
		} else if _, err := io.ReadFull(c, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		close(left)
		if err := <-done; err != nil {
			t.Fatalf("early %v: %v", early, err)
		}
		for until := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
			if r := s.Get("/a", "Range: bytes=0-9"); r.Header.Get("X-Cache") == "HIT" {
				break
			} else if time.Now().After(until) {
				t.Fatalf("early %v: %s, log %s", early, r.Header.Get("X-Cache"), s.Log())
			}
		}
		if r := s.Get("/a"); r.Body != string(big) {
			t.Errorf("early %v: %d bytes", early, len(r.Body))
		}
	}
}

// TestCacheSlowClient: a slow client gets all of a response from the entry's file, which is
// there long before the client has it.
func TestCacheSlowClient(t *testing.T) {
	for _, framing := range []string{"Content-Length: " + strconv.Itoa(len(big)) + "\r\n", "Transfer-Encoding: chunked\r\n", ""} {
		sent := make(chan error, 1)
		b := newBackend(t, func(_ string, c net.Conn) bool {
			sent <- sendBig(c, framing)
			return false
		}, say(ok))
		s, dir := cached(t, b, "")
		c := s.Dial()
		if _, err := io.WriteString(c, "GET /a HTTP/1.0\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		for s.Get("/a").Header.Get("X-Cache") != "HIT" {
			if len(b.requests()) > 1 { // it was asked before the entry was complete
				break
			}
			time.Sleep(time.Millisecond)
		}
		if got := readBody(t, c); !bytes.Equal(got, big) {
			t.Errorf("%q: %d bytes, log %s", framing, len(got), s.Log())
		}
		if strings.Contains(s.Log(), "temporary file") {
			t.Errorf("%q: %s", framing, s.Log())
		}
		if n := len(entries(t, dir)); n != 1 {
			t.Errorf("%q: %d files", framing, n)
		}
		_ = c.Close()
	}
}

// TestStoreSlowClient: a slow client gets a response that proxy_store keeps from that file, which is in its place long before the
// client has it; a client that leaves does not change that.
func TestStoreSlowClient(t *testing.T) {
	for _, leaves := range []bool{false, true} {
		sent := make(chan error, 1)
		b := newBackend(t, func(_ string, c net.Conn) bool {
			sent <- sendBig(c, "Content-Length: "+strconv.Itoa(len(big))+"\r\n")
			return false
		})
		dir := t.TempDir()
		s := serve(t, b, "proxy_temp_path "+dir+"/temp; server { location / { proxy_store "+dir+"/store$uri; proxy_pass http://BACKEND; } }")
		c := s.Dial()
		if _, err := io.WriteString(c, "GET /a HTTP/1.0\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if leaves {
			_ = c.Close()
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		var stored []byte
		for end := time.Now().Add(time.Minute); len(stored) < len(big) && time.Now().Before(end); time.Sleep(time.Millisecond) {
			stored, _ = os.ReadFile(dir + "/store/a") // it may not be there yet
		}
		if !bytes.Equal(stored, big) {
			t.Errorf("leaves %v: %d bytes are stored, log %s", leaves, len(stored), s.Log())
		}
		if !leaves {
			if got := readBody(t, c); !bytes.Equal(got, big) {
				t.Errorf("%d bytes, log %s", len(got), s.Log())
			}
		}
		if strings.Contains(s.Log(), "temporary file") {
			t.Errorf("leaves %v: %s", leaves, s.Log())
		}
		_ = c.Close()
	}
}

// TestCacheCutShort: a response that is not complete is not cached, and leaves nothing behind.
func TestCacheCutShort(t *testing.T) {
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 90000),
	} {
		b := newBackend(t, say(text), say(ok))
		s, dir := cached(t, b, "")
		s.Get("/a", "Connection: close")
		if list := entries(t, dir); len(list) != 0 {
			t.Errorf("%.60q: %v", text, list)
		}
		expectCache(t, s, "/a", "MISS", "ok")
		expectCache(t, s, "/a", "HIT", "ok")
	}
}

// TestCacheCannotWrite: where entries cannot be written clients get their responses.
func TestCacheCannotWrite(t *testing.T) {
	large := strings.Repeat("x", 200000)
	b := newBackend(t, say("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"+large))
	s, dir := cached(t, b, "")
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // no folder
		t.Fatal(err)
	}
	for range 2 {
		if r := s.Get("/a"); r.Status != 200 || r.Body != large {
			t.Errorf("%d, %d bytes, log %s", r.Status, len(r.Body), s.Log())
		}
	}
	if !strings.Contains(s.Log(), "failed") {
		t.Errorf("log %s", s.Log())
	}
}

// TestCacheEdited: an entry that was edited or cut is a miss.
func TestCacheEdited(t *testing.T) {
	for _, edit := range []func(b []byte) []byte{
		func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		func(b []byte) []byte { return b[:len(b)-1] },
		func(b []byte) []byte { return append(b, 'x') },
		func(b []byte) []byte { return b[:10] },
		func([]byte) []byte { return nil },
		func(b []byte) []byte { return bytes.Replace(b, []byte("200 OK"), []byte("201 OK"), 1) },
	} {
		b := newBackend(t, say(ok))
		s, dir := cached(t, b, "")
		s.Get("/a")
		list := entries(t, dir)
		if len(list) != 1 {
			t.Fatal(list)
		}
		was, err := os.ReadFile(list[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(list[0], edit(was), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond) // an entry is trusted for 2 ms
		expectCache(t, s, "/a", "MISS", "ok")
		expectCache(t, s, "/a", "HIT", "ok")
	}
}

// TestCacheStale: in whose place a stale entry is sent.
func TestCacheStale(t *testing.T) {
	const fresh = "HTTP/1.1 200 OK\r\nX-Accel-Expires: @1\r\nContent-Length: 3\r\n\r\nold"
	status := func(line string) answer { return say("HTTP/1.1 " + line + "\r\nContent-Length: 3\r\n\r\nnew") }
	for _, c := range []struct {
		name, conf   string
		then         answer
		status, body string
	}{
		{"error", "error", func(string, net.Conn) bool { return false }, "STALE", "old"},
		{"error, not asked for", "timeout", func(string, net.Conn) bool { return false }, "EXPIRED", ""},
		{"invalid header", "invalid_header", say("HTTP/1.1 200 OK\r\n:\r\n\r\n"), "STALE", "old"},
		{"500", "http_500", status("500 No"), "STALE", "old"},
		{"500, not asked for", "http_502", status("500 No"), "EXPIRED", "new"},
		{"503", "http_503", status("503 No"), "STALE", "old"},
		{"404", "http_404", status("404 No"), "STALE", "old"},
		{"429", "http_429", status("429 No"), "STALE", "old"},
		{"403", "http_403", status("403 No"), "STALE", "old"},
		{"off", "off http_500", status("500 No"), "EXPIRED", "new"},
		{"fine", "error http_500", status("200 OK"), "EXPIRED", "new"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBackend(t, say(fresh), c.then)
			s, _ := cached(t, b, "proxy_cache_use_stale "+c.conf+";")
			expectCache(t, s, "/a", "MISS", "old")
			r := s.Get("/a")
			if c.body == "" {
				if r.Status != 502 {
					t.Errorf("%d", r.Status)
				}
				r.Body = ""
			}
			if r.Header.Get("X-Cache") != c.status || r.Body != c.body {
				t.Errorf("%d %s %q, log %s", r.Status, r.Header.Get("X-Cache"), r.Body, s.Log())
			}
		})
	}
}

// TestCachePurgeForms: the three forms of proxy_cache_purge.
func TestCachePurgeForms(t *testing.T) {
	b := newBackend(t, say(ok))
	dir := filepath.Join(t.TempDir(), "cache")
	s := serve(t, b, "proxy_cache_path "+dir+` keys_zone=z:1m;
		proxy_cache z; proxy_cache_valid 1h; proxy_cache_key $uri; add_header X-Cache $upstream_cache_status always;
		server {
			location / { proxy_cache_purge $http_purge; proxy_pass http://BACKEND; }
			location /m/ { proxy_cache_purge PURGE from all; proxy_pass http://BACKEND; }
			location /n/ { proxy_cache_purge PURGE from 10.0.0.0/8; proxy_pass http://BACKEND; }
			location ~ ^/purge(/.*) { proxy_cache_purge z $1; }
		}`)
	expect := func(raw string, status int) {
		t.Helper()
		if r := s.Do(raw + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); r.Status != status {
			t.Errorf("%q: %d %s, want %d, log %s", raw, r.Status, r.Body, status, s.Log())
		}
	}
	for _, uri := range []string{"/a", "/b/1", "/b/2", "/m/a", "/n/a"} {
		expectCache(t, s, uri, "MISS", "ok")
	}
	if r := s.Get("/a", "Purge: 0"); r.Header.Get("X-Cache") != "HIT" {
		t.Errorf("%v", r)
	}
	if r := s.Get("/a", "Purge: 1"); r.Status != 204 {
		t.Errorf("%v", r)
	}
	if r := s.Get("/a", "Purge: 1"); r.Status != 404 {
		t.Errorf("%v", r)
	}
	expectCache(t, s, "/a", "MISS", "ok")
	if r := s.Get("/b/*", "Purge: 1"); r.Status != 204 {
		t.Errorf("%v", r)
	}
	expectCache(t, s, "/b/1", "MISS", "ok")
	expectCache(t, s, "/b/2", "MISS", "ok")
	expectCache(t, s, "/a", "HIT", "ok")
	expect("PURGE /m/a", 200)
	expect("PURGE /m/a", 404)
	expect("PURGE /n/a", 403)
	expectCache(t, s, "/n/a", "HIT", "ok")
	expect("GET /purge/n/a", 200)
	expect("GET /purge/n/a", 404)
	if r := s.Get("/purge/a%3Cb%3E"); strings.Contains(r.Body, "<b>") {
		t.Errorf("%q", r.Body)
	}
}

// TestCacheBackgroundUpdate: a client gets the stale entry at once, and the next one the new one.
func TestCacheBackgroundUpdate(t *testing.T) {
	release := make(chan struct{})
	b := newBackend(t, say("HTTP/1.1 200 OK\r\nX-Accel-Expires: @1\r\nContent-Length: 3\r\n\r\nold"), func(_ string, c net.Conn) bool {
		<-release
		return say("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew")("", c)
	})
	s, _ := cached(t, b, "proxy_cache_use_stale updating; proxy_cache_background_update on;")
	expectCache(t, s, "/a", "MISS", "old")
	c := s.Dial()
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 1000)
	n, err := c.Read(got)
	if err != nil || !bytes.Contains(got[:n], []byte("STALE")) || !bytes.HasSuffix(got[:n], []byte("old")) {
		t.Fatalf("%v %q", err, got[:n])
	}
	expectCache(t, s, "/a", "UPDATING", "old")
	close(release)
	for until := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if r := s.Get("/a"); r.Header.Get("X-Cache") == "HIT" && r.Body == "new" {
			break
		} else if time.Now().After(until) {
			t.Fatalf("%v, log %s", r, s.Log())
		}
	}
}

// TestCacheRevalidate: an expired entry is asked for on a condition, and sent again when it holds.
func TestCacheRevalidate(t *testing.T) {
	b := newBackend(t,
		say("HTTP/1.1 200 OK\r\nETag: \"e\"\r\nLast-Modified: Thu, 01 Jan 2015 00:00:01 GMT\r\nX-Accel-Expires: @1\r\nContent-Length: 3\r\n\r\nold"),
		say("HTTP/1.1 304 Not Modified\r\nX-Accel-Expires: 100\r\n\r\n"))
	s, _ := cached(t, b, "proxy_cache_revalidate on;")
	expectCache(t, s, "/a", "MISS", "old", `If-None-Match: "other"`)
	expectCache(t, s, "/a", "REVALIDATED", "old", `If-None-Match: "other"`)
	expectCache(t, s, "/a", "HIT", "old")
	q := b.requests()
	if len(q) != 2 || strings.Contains(q[0], "If-") || !strings.Contains(q[1], "If-None-Match: \"e\"\r\n") ||
		!strings.Contains(q[1], "If-Modified-Since: Thu, 01 Jan 2015 00:00:01 GMT\r\n") {
		t.Errorf("%q", q)
	}
}
