package limits

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cacheConf is a cache whose keys and contents have 1 MB each.
const cacheConf = `
-- nginx.conf --
pid logs/nginx.pid;
error_log logs/error.log info;
events { worker_connections 4096; }
http {
access_log off;
include temp-paths.conf;
proxy_cache_path cache levels=1:2 keys_zone=a:1m inactive=1h;
server {
    listen %%ADDR%%;
    location / {
        proxy_pass http://%%UPSTREAM%%;
        proxy_cache a;
        proxy_cache_valid any 1h;
        proxy_cache_lock on;
        proxy_cache_lock_timeout 10m;
        proxy_cache_lock_age 10m;
    }
}
}
`

// sizedAnswers answers each request with as many bytes as its path ends with: /name/1000.
func sizedAnswers(asked *atomic.Int32, before func()) func(net.Conn) {
	return script(func(a *appConn) {
		for {
			line, _, _ := strings.Cut(a.head(), " HTTP/")
			if line == "" {
				return
			}
			asked.Add(1)
			before()
			n := 0
			_, _ = fmt.Sscanf(line[strings.LastIndexByte(line, '/')+1:], "%d", &n)
			a.say("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, strings.Repeat("x", n))
		}
	})
}

// get asks for path on a connection of its own and returns the length of what came.
func (s *site) get(path string) int {
	c := s.dial()
	c.send("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	return len(c.receive(patience).text())
}

// TestCacheLock: a thousand clients that wait for one entry cost no processor time, one request, and are served at once when
// it is there.
func TestCacheLock(t *testing.T) {
	const clients = 1000
	var asked atomic.Int32
	filled := make(chan struct{})
	s := start(t, tested(), setup{text: cacheConf, apps: apps(sizedAnswers(&asked, func() { <-filled }))})
	var all sync.WaitGroup
	var whole atomic.Int32
	for range clients {
		all.Go(func() {
			if s.get("/one/20000") > 20000 {
				whole.Add(1)
			}
		})
	}
	s.eventually("the clients", func() bool { return s.descriptorsOf("socket:") > clients })
	// Once all requests have been read, they cost nothing in any three seconds.
	s.eventually("a wait without work", func() bool {
		before := s.cpu()
		time.Sleep(3 * time.Second)
		return s.cpu()-before <= 300*time.Millisecond
	})
	close(filled)
	all.Wait()
	if n := asked.Load(); n != 1 || whole.Load() != clients {
		t.Errorf("%d requests to the application, %d of %d clients were served", n, whole.Load(), clients)
	}
}
