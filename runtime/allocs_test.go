//go:build linux && !race

package runtime_test

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/internal/testport"
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/wire/fcgi"
)

const allocConf = `
worker_processes 1; error_log logs/error.log;
events { }
http {
    keepalive_requests 1000000; access_log off;
    log_format full '$remote_addr [$time_local] "$request" $status $body_bytes_sent "$http_user_agent" $request_time';
    upstream app { server 127.0.0.1:%[2]d; keepalive 8; keepalive_requests 1000000; }
    upstream memcached { server %[4]s; keepalive 8; keepalive_requests 1000000; }
    upstream h2 { server %[7]s; keepalive 8; keepalive_requests 1000000; }
    upstream grpc { server %[6]s; keepalive 8; keepalive_requests 1000000; }
    upstream fastcgi { server 127.0.0.1:%[3]d; keepalive 8; keepalive_requests 1000000; }
    server {
        listen 127.0.0.1:%[1]d;
        root html; index none.html 1k.html;
        location /return { return 200 "ok"; }
        location /redirect { return 301 https://$host$request_uri; }
        location /log/ { alias html/; access_log logs/access.log full; }
        location /filters/ {
            alias html/; access_log logs/access.log;
            allow 127.0.0.0/8; deny all; expires modified 1h;
            add_header X-Static yes; add_header X-Variable $uri always; add_header Cache-Control private;
        }
        location /trailers/ { alias html/; add_trailer X-Bytes $bytes_sent; }
        location ~ \.php(/|$) {
            fastcgi_split_path_info ^(.+?\.php)(/.*)$; set $path_info $fastcgi_path_info; fastcgi_index index.php;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; fastcgi_param PATH_INFO $path_info;
            fastcgi_param QUERY_STRING $query_string; fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param HTTPS $https if_not_empty;
            fastcgi_param REMOTE_ADDR $remote_addr; fastcgi_param REMOTE_PORT $remote_port; fastcgi_param HTTP_PROXY "";
            fastcgi_keep_conn on; fastcgi_pass fastcgi;
        }
        location /memcached { set $memcached_key "key"; memcached_pass memcached; }
        location /uwsgi {
            uwsgi_param REQUEST_METHOD $request_method; uwsgi_param REQUEST_URI $request_uri; uwsgi_param HTTPS $https if_not_empty;
            uwsgi_param SERVER_PROTOCOL HTTP/1.1; uwsgi_param CONTENT_LENGTH $content_length; uwsgi_param HTTP_PROXY "";
            uwsgi_pass %[5]s;
        }
        location /grpc { grpc_set_header X-Uri $request_uri; grpc_pass grpc; }
        location /two {
            proxy_http_version 2; proxy_pass_trailers on; proxy_set_header X-Uri $request_uri; proxy_set_header X-Fixed a; proxy_pass http://h2;
        }
        location /scgi { scgi_param SCGI 1; scgi_param REQUEST_URI $request_uri; scgi_pass %[5]s; }
        location /cached {
            proxy_cache cache; proxy_cache_key $host$request_uri; add_header X-Cache $upstream_cache_status; proxy_pass http://app/varies;
        }
        location /proxy { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://app; }
    }
    proxy_cache_path cache levels=1:2 keys_zone=cache:1m;
    proxy_cache_valid 1h;
    server {
        listen 127.0.0.1:%[2]d;
        location / { return 200 "from the upstream"; }
        location /varies { add_header Vary "Accept-Encoding, X-Kind"; add_header ETag '"a"'; return 200 "from the upstream"; }
    }
}
`

// TestSteadyStateAllocatesNothing counts the allocations of the whole process
// while one keep-alive connection asks again and again.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	prefix := t.TempDir() + "/"
	for _, d := range []string{"logs", "html"} {
		if err := os.Mkdir(prefix+d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(prefix, "html", "1k.html")
	if err := os.WriteFile(file, bytes.Repeat([]byte("x"), 1024), 0o644); err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, past, past); err != nil {
		t.Fatal(err)
	}
	front, back, php := testport.Free(t), testport.Free(t), fastcgiApp(t)
	memcached := keepingApp(t, "VALUE key 0 5\r\nhello\r\nEND\r\n")
	cgi := closingApp(t, "Status: 200 OK\r\nContent-Type: text/html\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello")
	conf := prefix + "nginx.conf"
	if err := os.WriteFile(conf, fmt.Appendf(nil, allocConf, front, back, php, memcached, cgi, h2App(t, "hello"), h2App(t, "hello")), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := runtime.NewServer(runtime.Options{ConfPath: conf, Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Quit)
	for _, tc := range []struct {
		name, uri, fields, status string
	}{
		{"static", "/1k.html", "", "200"},
		{"return", "/return", "", "200"},
		{"redirect", "/redirect?a=b", "", "301"},
		{"static, logged", "/log/1k.html", "", "200"},
		{"static, with header filters", "/filters/1k.html", "", "200"},
		{"static, with trailers", "/trailers/1k.html", "", "200"},
		{"range", "/1k.html", "Range: bytes=10-19\r\n", "206"},
		{"ranges", "/1k.html", "Range: bytes=0-1,10-19,-5\r\n", "206"},
		{"no range", "/1k.html", "Range: bytes=2000-\r\n", "416"},
		{"not modified", "/1k.html", "If-None-Match: *\r\n", "304"},
		{"precondition failed", "/1k.html", "If-Match: \"a\", W/\"b\"\r\n", "412"},
		{"index", "/", "", "200"},
		{"proxy", "/proxy", "", "200"},
		{"cached", "/cached", "", "200"},
		{"cached variant", "/cached", "Accept-Encoding: gzip, br\r\nX-Kind: a\r\n", "200"},
		{"cached, not modified", "/cached", "If-None-Match: \"a\"\r\n", "304"},
		{"memcached", "/memcached", "", "200"},
		{"uwsgi", "/uwsgi?a=b", "Cookie: a=1\r\nX-A: a\r\nX-A: b\r\n", "200"},
		{"scgi", "/scgi?a=b", "Cookie: a=1\r\nX-A: a\r\nX-A: b\r\n", "200"},
		{"grpc", "/grpc?a=b", "TE: trailers\r\nCookie: a=1\r\nX-A: a\r\nX-A: b\r\n", "200"},
		{"proxy of HTTP/2", "/two?a=b", "Cookie: a=1\r\nX-A: a\r\nX-A: b\r\n", "200"},
		{"fastcgi", "/a/index.php/info?a=b", "Cookie: a=1\r\nX-A: a\r\nX-A: b\r\n", "200"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := netio.Dial(&netio.DialSpec{
				Addr:    netaddr.AddrFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(front))),
				Timeout: 5 * time.Second,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Release()
			c.SetReadTimeout(5 * time.Second)
			request := []byte("GET " + tc.uri + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\n" + tc.fields + "\r\n")
			answer := make([]byte, 8192)
			ask := func() {
				if _, err := c.Write(request); err != nil {
					t.Fatal(err)
				}
				n, err := c.Read(answer)
				if err != nil || !bytes.HasPrefix(answer[:n], []byte("HTTP/1.1 "+tc.status)) {
					t.Fatalf("%v %q", err, answer[:n])
				}
			}
			// A file that has just been written is not cached yet.
			for warm := time.Now().Add(300 * time.Millisecond); time.Now().Before(warm); {
				ask()
			}
			// A pool that the collector emptied, or a text that is rendered
			// once a second, costs a few allocations in all: less than one in
			// ten requests.
			if n := testing.AllocsPerRun(2000, ask); n > 0 {
				t.Errorf("%v allocations per request", n)
			}
		})
	}
}

// fastcgiApp is a FastCGI application that allocates nothing: it answers every request, which comes in one piece, the same.
func fastcgiApp(t *testing.T) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	const header, body = "Content-Type: text/html; charset=UTF-8\r\nX-Powered-By: PHP\r\n\r\n", "from the application"
	answer := fcgi.AppendHead(nil, fcgi.Stdout, len(header)+len(body))
	answer = fcgi.AppendPadding(append(answer, header+body...), len(header)+len(body))
	answer = fcgi.AppendHead(fcgi.AppendHead(answer, fcgi.Stdout, 0), fcgi.EndRequest, 8)
	answer = append(answer, make([]byte, 8)...)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer func() { _ = c.Close() }()
				b := make([]byte, 8192)
				for {
					if _, err := c.Read(b); err != nil {
						return
					}
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return l.Addr().(*net.TCPAddr).Port
}
