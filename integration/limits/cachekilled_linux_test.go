package limits

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// numbered is a body of n bytes that tells for which path it is.
func numbered(path string, n int) string {
	return strings.Repeat(path+"\n", n/(len(path)+1)+1)[:n]
}

// TestCacheKilled: a worker is killed while it stores 25 responses, 20 times. Whatever is served afterwards, from the cache or
// not, is whole and right. Most of the time it waits: a worker that ends soon after its start is not replaced at once.
func TestCacheKilled(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Log("only the super-user gets a master")
		return
	}
	var asked atomic.Int32
	app := script(func(a *appConn) {
		for {
			path, _, _ := strings.Cut(strings.TrimPrefix(a.head(), "GET "), " ")
			if path == "" {
				return
			}
			asked.Add(1)
			n, _ := strconv.Atoi(path[strings.LastIndexByte(path, '/')+1:])
			body := numbered(path, n)
			a.say("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, body[:n/2])
			a.say("%s", body[n/2:])
		}
	})
	s := start(t, tested(), setup{own: true, apps: apps(app), text: `
-- nginx.conf --
user nobody nogroup;
pid logs/nginx.pid;
error_log logs/error.log info;
events { worker_connections 1024; }
http {
    access_log off;
    include temp-paths.conf;
    proxy_cache_path cache levels=1:2 keys_zone=a:1m inactive=1h;
    proxy_cache_path beside levels=1:2 keys_zone=b:1m inactive=1h use_temp_path=off;
    server {
        listen %%ADDR%%;
        proxy_cache_valid any 1h;
        location / { return 200 first; }
        location /a/ { proxy_pass http://%%UPSTREAM%%; proxy_cache a; }
        location /b/ { proxy_pass http://%%UPSTREAM%%; proxy_cache b; }
    }
}
`})
	const rounds, each = 20, 25
	path := func(round, i int) string {
		return fmt.Sprintf("/%c/%d/%d/%d", 'a'+i%2, round, i, []int{0, 1000, 30_000, 40_000, 300_000}[i%5])
	}
	for round := range rounds {
		worker := s.workers()[0]
		var all sync.WaitGroup
		for i := range each {
			all.Go(func() { s.get(path(round, i)) }) // some end early
		}
		time.Sleep(time.Duration(rand.Int64N(int64(20 * time.Millisecond))))
		must(t, syscall.Kill(worker, syscall.SIGKILL))
		s.wantOther(worker)
		all.Wait()
	}
	before := asked.Load()
	for range 2 {
		for round := range rounds {
			for i := range each {
				p := path(round, i)
				c := s.dial()
				c.send("GET " + p + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
				_, body, _ := strings.Cut(c.receive(patience).text(), "\r\n\r\n")
				n, _ := strconv.Atoi(p[strings.LastIndexByte(p, '/')+1:])
				if body != numbered(p, n) {
					t.Fatalf("%s: %d bytes: %.60q", p, len(body), body)
				}
			}
		}
	}
	missing := int(asked.Load() - before)
	t.Logf("%d of %d were cached", rounds*each-missing, rounds*each)
	if missing == rounds*each || missing > rounds*each {
		t.Errorf("%d of %d had to be asked for again", missing, rounds*each)
	}
	if log := s.read("logs/error.log"); strings.Contains(log, "cache file") {
		t.Error("a file of the cache was damaged")
	}
}
