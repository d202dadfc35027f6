package limits

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// fairnessConf has a location for each way to keep a worker busy.
const fairnessConf = `
-- nginx.conf --
worker_processes WORKERS;
pid logs/nginx.pid;
error_log logs/error.log;
events { worker_connections 256; }
http {
    include temp-paths.conf;
    access_log off;
    client_max_body_size 0;
    keepalive_requests 100000000;
    client_header_buffer_size 32k;
    map $args $class {
        "~(a+)+b$"          one;
        "~(.*)x(.*)y(.*)z$" two;
        "~([a-z]+)*[0-9]$"  three;
        default             none;
    }
    server {
        listen %%ADDR%%;
        location /ping { return 200 pong; }
        location /return { return 200 ok; }
        location /map { return 200 $class; }
        location / { proxy_pass http://%%UPSTREAM%%; }
        location /gzip { gzip on; gzip_types *; gzip_comp_level 6; proxy_pass http://%%UPSTREAM%%; }
        location /sub { sub_filter_types *; sub_filter_once off; sub_filter e E; sub_filter over under; proxy_pass http://%%UPSTREAM%%; }
    }
}
`

// greed are the ways: what a client sends again and again, as fast as it is taken, while it drops what comes.
var greed = []struct {
	name string
	once string // sent first
	then string // and then without end; empty: once is all, and the answer never ends
}{
	{"chunks of one byte", "POST /return HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
	{"chunks of one byte to an application", "POST /swallow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
	{"pipelined requests", "", "GET /return HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"pipelined requests that are mapped", "", "GET /map?" + strings.Repeat("a", 8) + " HTTP/1.1\r\nHost: a\r\n\r\n"},
	{"a fast application", "GET /text HTTP/1.1\r\nHost: a\r\n\r\n", ""},
	{"gzip", "GET /gzip HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", ""},
	{"sub_filter", "GET /sub HTTP/1.1\r\nHost: a\r\n\r\n", ""},
	{"chunk extensions of an application", "GET /extensions HTTP/1.1\r\nHost: a\r\n\r\n", ""},
	{"chunks of one byte from an application", "GET /chunks HTTP/1.1\r\nHost: a\r\n\r\n", ""},
}

// fastApplication answers without end, as fast as it is taken.
var fastApplication = script(func(a *appConn) {
	head := a.head()
	if strings.HasPrefix(head, "POST /swallow") {
		_, _ = io.Copy(io.Discard, a.in)
		return
	}
	fields, block := "", strings.Repeat("the quick brown fox jumps over the lazy dog, and over the fence. ", 1000)
	switch {
	case strings.HasPrefix(head, "GET /extensions"):
		fields, block = "Transfer-Encoding: chunked\r\n", strings.Repeat("1;a="+strings.Repeat("b", 1000)+"\r\nx\r\n", 60)
	case strings.HasPrefix(head, "GET /chunks"):
		fields, block = "Transfer-Encoding: chunked\r\n", strings.Repeat("1\r\nx\r\n", 10000)
	}
	if fields == "" {
		a.say("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
	} else {
		a.say("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n%s\r\n", fields)
	}
	for {
		if _, err := io.WriteString(a.Conn, block); err != nil {
			return
		}
	}
})

// TestGreed: a client that keeps a worker as busy as it can, or one for each worker, does not hold up another.
func TestGreed(t *testing.T) {
	for _, workers := range []int{1, 2} {
		for i, g := range greed {
			if workers > 1 && i%2 == 1 {
				continue // the ways of the others do
			}
			t.Run(fmt.Sprintf("%d workers/%s", workers, g.name), func(t *testing.T) {
				set := setup{
					text: strings.Replace(fairnessConf, "WORKERS", fmt.Sprint(workers), 1),
					apps: apps(fastApplication),
				}
				beside(t, set, greedSlack, func(s *site) time.Duration {
					longest := s.ping("/ping")
					for range workers {
						c := s.dial()
						go func() { _, _ = io.Copy(io.Discard, c.conn) }()
						go c.press(g.once, g.then)
					}
					usual := max(s.usualWait(true), s.usualWait(false))
					worst := longest()
					s.t.Logf("usually %v, at most %v", usual.Round(10*time.Microsecond), worst.Round(10*time.Microsecond))
					return max(usual, worst/10)
				})
			})
		}
	}
}

const (
	// greedTime is how long another client is watched.
	greedTime = 400 * time.Millisecond
	// greedSlack is how much longer it may usually wait than at nginx; once, ten times that.
	greedSlack = 20 * time.Millisecond
)

// usualWait is the mean of what a client waits for an answer, which a busy machine changes less than the longest wait. It
// waits for as long as the greedy one is served, where that holds it up.
func (s *site) usualWait(keep bool) time.Duration {
	p := &pinger{addr: s.Addr(1), uri: "/ping", keep: keep}
	begun, n := time.Now(), 0
	for ; n == 0 || time.Since(begun) < greedTime; n++ {
		must(s.t, p.once())
	}
	if p.conn != nil {
		_ = p.conn.Close() // it has served
	}
	return time.Since(begun) / time.Duration(n)
}

// press sends once, and then the other text until the connection ends.
func (c *client) press(once, then string) {
	if _, err := io.WriteString(c.conn, once); err != nil || then == "" {
		return
	}
	block := strings.Repeat(then, max(1, 64<<10/len(then)))
	for {
		if _, err := io.WriteString(c.conn, block); err != nil {
			return
		}
	}
}
