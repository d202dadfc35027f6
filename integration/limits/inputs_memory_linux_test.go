package limits

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// endless is an application that says something again and again, a lot of it. What it is the path tells.
var endless = script(func(a *appConn) {
	path := ""
	if f := strings.Fields(a.head()); len(f) > 1 {
		path = f[1]
	}
	const n = 40 * mb
	again := func(text string) {
		block := []byte(strings.Repeat(text, max(1, 64<<10/len(text))))
		for sent := size(0); sent < n; sent += size(len(block)) {
			if _, err := a.Write(block); err != nil {
				return
			}
		}
	}
	const chunked = "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
	switch path {
	case "/status":
		again("HTTP/1.1 200 OK")
	case "/fields":
		a.say("HTTP/1.1 200 OK\r\n")
		again("a: b\r\n")
	case "/field":
		a.say("HTTP/1.1 200 OK\r\na: ")
		again("b")
	case "/continue":
		again("HTTP/1.1 100 Continue\r\n\r\n")
	case "/hints":
		again("HTTP/1.1 103 Early Hints\r\nLink: </" + strings.Repeat("a", 500) + ">\r\n\r\n")
		a.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
	case "/trailers":
		a.say("%s2\r\nok\r\n0\r\n", chunked)
		again("a: " + strings.Repeat("b", 100) + "\r\n")
		a.say("\r\n")
	case "/trailer":
		a.say("%s2\r\nok\r\n0\r\na: ", chunked)
		again("b")
		a.say("\r\n\r\n")
	case "/extension":
		a.say("%s2;", chunked)
		again("x")
		a.say("\r\nok\r\n0\r\n\r\n")
	case "/extensions":
		a.say("%s", chunked)
		again("1;" + strings.Repeat("x", 1000) + "\r\no\r\n")
		a.say("0\r\n\r\n")
	case "/behind":
		a.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		again("x")
	case "/upgraded":
		a.say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
		again("x")
	default:
		a.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", n)
		again("x")
	}
})

// TestUpstreamInput: whatever an application says, no more of it stays in memory than the buffers that are configured.
func TestUpstreamInput(t *testing.T) {
	t.Parallel()
	set := setup{text: `
-- http.conf --
proxy_http_version 1.1;
proxy_set_header Connection "";
server {
    listen %%ADDR%%;
    location /buffered/ { proxy_pass http://%%UPSTREAM%%/; }
    location /unbuffered/ { proxy_buffering off; proxy_pass http://%%UPSTREAM%%/; }
    location /upgraded { proxy_set_header Connection upgrade; proxy_set_header Upgrade x; proxy_pass http://%%UPSTREAM%%; }
    location /sub/ { sub_filter x y; sub_filter_types *; proxy_pass http://%%UPSTREAM%%/; }
}
`, apps: apps(endless)}
	var uris []string
	for _, what := range []string{"status", "fields", "field", "continue", "hints", "trailers", "trailer", "extension", "extensions", "behind"} {
		uris = append(uris, "/buffered/"+what, "/unbuffered/"+what)
	}
	for _, uri := range append(uris, "/upgraded", "/sub/large", "/unbuffered/large") {
		t.Run(uri, func(t *testing.T) {
			t.Parallel()
			beside(t, set, 24*mb, func(s *site) size {
				return s.growth(func() {
					c := s.dial()
					c.send("GET " + uri + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
					if strings.HasPrefix(uri, "/upgraded") {
						_, _ = io.CopyN(io.Discard, c.conn, int64(30*mb))
						return
					}
					if got := c.receive(patience); !got.closed {
						t.Errorf("%s did not close: %.200q", s, got.text())
					}
				})
			})
		})
	}
}

// TestClientInput: the same of clients: files that are put, requests one behind the other, documents.
func TestClientInput(t *testing.T) {
	t.Parallel()
	set := setup{text: `
-- http.conf --
client_max_body_size 0;
keepalive_requests 10000000;
server {
    listen %%ADDR%%;
    location / { return 200; }
    location /dav/ { alias html/dav/; dav_methods PUT; create_full_put_path on; }
    location /ssi/ { ssi on; ssi_types *; alias html/; }
    location /value { return 200 x; }
}
-- html/includes --
` + strings.Repeat("<!--#include virtual=\"/value\" -->\n", 5000) + `
-- html/value --
<!--#set var="a" value="` + strings.Repeat("x", 4<<20) + `" --><!--#echo var="a" -->
-- html/command --
<!--#` + strings.Repeat("x", 4<<20) + ` -->
-- html/block --
<!--#block name="a" -->` + strings.Repeat("x", 4<<20) + `<!--#endblock --><!--#include virtual="/none" stub="a" -->
`}
	const put = 150 * mb
	for _, c := range []struct {
		name string
		do   func(s *site)
	}{
		{"PUT counted", func(s *site) {
			c := s.dial()
			c.send(fmt.Sprintf("PUT /dav/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", put))
			c.stream("x", put)
			if got := c.receive(patience); got.status() != 201 {
				t.Errorf("%s: %q", s, got.text())
			}
		}},
		{"PUT chunked", func(s *site) {
			c := s.dial()
			c.send("PUT /dav/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n")
			block := "10000\r\n" + strings.Repeat("x", 64<<10) + "\r\n"
			c.stream(block, put-put%size(len(block)))
			c.send("0\r\n\r\n")
			if got := c.receive(patience); got.status() != 201 {
				t.Errorf("%s: %q", s, got.text())
			}
		}},
		{"pipelined", func(s *site) {
			c := s.dial()
			go func() { _, _ = io.Copy(io.Discard, c.conn) }()
			request := "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
			n := 5 * mb
			if taken := c.stream(request, n-n%size(len(request))); taken < n-100 {
				t.Errorf("%s took %v", s, taken)
			}
		}},
		{"pipelined, not read", func(s *site) { // the server stops to read: what it has sent waits to be taken
			c := s.dial()
			done := make(chan bool)
			go func() {
				_ = c.stream("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 20*mb)
				close(done)
			}()
			s.settled()
			must(t, c.conn.Close())
			<-done
		}},
		{"includes", ssiPage(t, "includes")},
		{"value", ssiPage(t, "value")},
		{"command", ssiPage(t, "command")},
		{"block", ssiPage(t, "block")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			beside(t, set, 24*mb, func(s *site) size { return s.growth(func() { c.do(s) }) })
		})
	}
}

// ssiPage asks for a page.
func ssiPage(t *testing.T, name string) func(s *site) {
	t.Helper()
	return func(s *site) {
		c := s.dial()
		c.send("GET /ssi/" + name + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if got := c.receive(patience); got.status() != 200 || !got.closed {
			t.Errorf("%s: %.200q", s, got.text())
		}
	}
}

// TestErrorLine: a line of the error log has no more than 2048 bytes, whatever a client puts into what it names.
func TestErrorLine(t *testing.T) {
	t.Parallel()
	set := setup{text: `
-- http.conf --
large_client_header_buffers 8 64k;
server {
    listen %%ADDR%%;
    error_log logs/error.log info;
    location / { }
}
`}
	long := strings.Repeat("a", 60000)
	for _, c := range []struct{ name, request string }{
		{"URI", "GET /" + long + " HTTP/1.1\r\nHost: a\r\n"},
		{"host", "GET /none HTTP/1.1\r\nHost: " + long + "\r\n"},
		{"referer", "GET /none HTTP/1.1\r\nHost: a\r\nReferer: " + long + "\r\n"},
		{"header line", "GET /none HTTP/1.1\r\nHost: a\r\nb_" + long + ": c\r\n"},
		{"host twice", "GET /none HTTP/1.1\r\nHost: " + long + "\r\nHost: " + long + "\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var longest [2]int
			for i, binary := range []string{oracle(), tested()} {
				s := start(t, binary, set)
				d := s.dial()
				d.send(c.request + "Connection: close\r\n\r\n")
				d.receiveUntil("\r\n\r\n", patience)
				s.eventually("the line", func() bool { return strings.Contains(s.read("logs/error.log"), "aaaa") })
				for _, line := range strings.SplitAfter(s.read("logs/error.log"), "\n") {
					longest[i] = max(longest[i], len(line))
				}
			}
			if longest[1] > longest[0] || longest[0] > 2048 {
				t.Errorf("the longest line has %d bytes, nginx's %d", longest[1], longest[0])
			}
		})
	}
}
