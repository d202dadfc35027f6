package ssi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/gzip"
	"github.com/sluiceproxy/sluice/runtime/module/index"
	"github.com/sluiceproxy/sluice/runtime/module/proxy"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
	"github.com/sluiceproxy/sluice/runtime/module/ssi"
	"github.com/sluiceproxy/sluice/runtime/module/static"
)

func modules() []httpd.Module {
	return []httpd.Module{
		pass.Module(), ssi.Module(), httpd.PostponeFilter(), gzip.Module(),
		proxy.Module(), rewrite.Module(), index.Module(), static.Module(),
	}
}

// serve runs a server whose html folder has the files.
func serve(t testing.TB, server string, files map[string]string) *httptest.Server {
	t.Helper()
	s := httptest.New(t, "default_type text/html; chunked_transfer_encoding off; server { "+server+" }", modules()...)
	write(t, s.Dir, files)
	return s
}

func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, "html", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// backend is an application that answers each path when it is told to.
type backend struct {
	addr  string
	mu    sync.Mutex
	parts map[string]chan string
}

func newBackend(t testing.TB) *backend {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{addr: ln.Addr().String(), parts: map[string]chan string{}}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() { b.serve(c) })
		}
	})
	t.Cleanup(func() { _ = ln.Close(); all.Wait() })
	return b
}

func (b *backend) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	line, err := in.ReadString('\n')
	for head := line; err == nil && head != "\r\n"; {
		head, err = in.ReadString('\n')
	}
	if err != nil {
		return
	}
	_, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n")
	for part := range b.of(strings.Fields(line)[1]) {
		if _, err := io.WriteString(c, part); err != nil {
			return
		}
	}
}

// of returns what is sent for a path: closed, the body is complete.
func (b *backend) of(path string) chan string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.parts[path] == nil {
		b.parts[path] = make(chan string)
	}
	return b.parts[path]
}

// say makes the answer to a path complete. It returns when it was asked for.
func (b *backend) say(path, body string) {
	c := b.of(path)
	c <- body
	close(c)
}

// get asks for a target on a goroutine of its own.
func get(s *httptest.Server, target string) chan httptest.Response {
	c := make(chan httptest.Response, 1)
	go func() { c <- s.Get(target) }()
	return c
}

// All that is included is asked for at once, and comes in the document's order.
func TestIncludesRunBesideEachOther(t *testing.T) {
	b := newBackend(t)
	s := serve(t, `location / { ssi on; } location /up/ { ssi on; proxy_pass http://`+b.addr+`/; }`, map[string]string{
		"page.html": `0<!--#include virtual="/up/a" -->1<!--#include virtual="/up/b" -->2<!--#include virtual="/up/c" -->3`,
	})
	answer := get(s, "/page.html")
	b.say("/c", "C")
	b.say("/a", `A<!--#include virtual="/up/d" -->A`)
	b.say("/b", "B")
	b.say("/d", "D")
	if r := <-answer; r.Body != "0ADA1B2C3" {
		t.Errorf("%+v", r)
	}
}

// With wait="yes" the document goes on behind what it includes: that is asked
// for alone, and what it sets is seen.
func TestWait(t *testing.T) {
	b := newBackend(t)
	s := serve(t, `location / { ssi on; } location /up/ { ssi on; proxy_pass http://`+b.addr+`/; }`, map[string]string{
		"page.html": `<!--#include virtual="/up/a" wait="yes" -->[<!--#echo var="v" -->]<!--#include virtual="/up/b" -->[<!--#echo var="v" -->]`,
	})
	answer := get(s, "/page.html")
	b.say("/a", `<!--#set var="v" value="a" -->A`)
	b.say("/b", `<!--#set var="v" value="b" -->B`)
	if r := <-answer; r.Body != "A[a]B[a]" {
		t.Errorf("%+v", r)
	}
}

// The output of what is not at its turn is kept up to a limit, then waits; none
// of it is lost.
func TestMuchOutputBehindSlowInclude(t *testing.T) {
	b := newBackend(t)
	long := strings.Repeat("0123456789abcde\n", 50_000)
	s := serve(t, `location / { ssi on; } location /long/ { alias html/; } location /up/ { proxy_pass http://`+b.addr+`/; }
		location /gzip/ { ssi on; gzip on; alias html/; }`, map[string]string{
		"page.html": `<!--#include virtual="/up/a" --><!--#include virtual="/long/long.html" --><!--#include virtual="/long.html" --><!--#include virtual="/up/long" -->` + long,
		"long.html": long,
	})
	for _, page := range []string{"/page.html", "/gzip/page.html"} {
		b.parts = map[string]chan string{}
		answer := get(s, page)
		b.say("/long", long)
		b.say("/a", "A")
		if r := <-answer; r.Body != "A"+strings.Repeat(long, 4) {
			t.Errorf("%s: %d bytes", page, len(r.Body))
		}
	}
}

// A client that leaves ends everything, however much is under way.
func TestClientLeaves(t *testing.T) {
	b := newBackend(t)
	s := serve(t, `location / { ssi on; } location /up/ { proxy_pass http://`+b.addr+`/; }`, map[string]string{
		"page.html": `0<!--#include virtual="/up/a" -->1<!--#include virtual="/up/b" -->2<!--#include virtual="/up/a" wait="yes" -->3`,
	})
	c := s.Dial()
	if _, err := io.WriteString(c, "GET /page.html HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	b.of("/b") <- "B" // it is asked for
	_ = c.Close()
	close(b.of("/b")) // the end of the test waits for all goroutines
	a := b.of("/a")
	for range 2 {
		a <- "A"
	}
	close(a)
}

// A broken include leaves the rest of the document as it is.
func TestBrokenInclude(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = bufio.NewReader(c).ReadString('\n')
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
			_ = c.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}
	})
	t.Cleanup(func() { _ = ln.Close(); all.Wait() })
	s := serve(t, `location / { ssi on; } location /up/ { proxy_pass http://`+ln.Addr().String()+`/; }`, map[string]string{
		"page.html": `0<!--#include virtual="/up/a" -->1<!--#include virtual="/up/b" wait="yes" -->2`,
	})
	if r := s.Get("/page.html"); r.Body != "0short1short2" {
		t.Errorf("%+v", r)
	}
}

func TestLimits(t *testing.T) {
	s := serve(t, `location / { ssi on; } location = /big { subrequest_output_buffer_size 4; return 200 "12345"; }`, map[string]string{
		"self.html":   `x<!--#include virtual="/self.html" -->y`,
		"big.html":    `a<!--#include virtual="/big" set="v" -->b`,
		"nested.html": `<!--#include virtual="/inner.html" set="v" -->[<!--#echo var="v" encoding="none" -->]`,
		"inner.html":  `in<!--#include virtual="/self.html" --><!--#set var="long" value="enough for the message" -->`,
		"silent.html": `<!--#config errmsg="" -->a<!--#what -->b`,
	})
	const failed = "[an error occurred while processing the directive]"
	for _, c := range []struct{ target, body, log string }{
		{"/self.html", strings.Repeat("x", 52) + failed + strings.Repeat("y", 52), `subrequests cycle while processing "/self.html"`},
		{"/big.html", "", "too big subrequest response: 5"},
		{"/nested.html", "[in" + failed + "]", `nested in-memory subrequest "/self.html"`},
		{"/silent.html", "ab", `invalid SSI command: "what"`},
	} {
		if r := s.Get(c.target); r.Body != c.body {
			t.Errorf("%s: %q, want %q", c.target, r.Body, c.body)
		}
		if log := s.Log(); !strings.Contains(log, c.log) {
			t.Errorf("%s: log %q, want %q", c.target, log, c.log)
		}
	}
}

// Dates are those of the document that asks, also in variables of the server.
func TestDates(t *testing.T) {
	s := serve(t, `location / { ssi on; set $d $date_local; }`, map[string]string{
		"page.html":  `<!--#config timefmt="%%p" --><!--#echo var="date_gmt" --><!--#echo var="date_local" --><!--#include virtual="/other.html" wait="yes" --><!--#config timefmt="%s" --><!--#if expr="$date_gmt = /^\d+/" -->seconds<!--#endif -->`,
		"other.html": `<!--#if expr="$date_gmt = /^[A-Z][a-z]+day, \d\d-[A-Z][a-z][a-z]-\d{4} \d\d:\d\d:\d\d GMT/" -->GMT<!--#endif --><!--#config timefmt="" --><!--#echo var="date_gmt" -->`,
	})
	want := "%p%pGMT[an error occurred while processing the directive]seconds"
	if r := s.Get("/page.html"); r.Body != want {
		t.Errorf("%q, want %q", r.Body, want)
	}
}

func TestLoad(t *testing.T) {
	for text, want := range map[string]string{
		"ssi on; ssi_silent_errors on; ssi_types text/plain; ssi_value_length 1k; ssi_last_modified on;": "",
		"ssi yes;":            `invalid value "yes" in "ssi" directive, it must be "on" or "off"`,
		"ssi_value_length x;": `"ssi_value_length" directive invalid value`,
	} {
		_, err := httptest.Load(t, "server { "+text+" }", modules()...)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func BenchmarkPage(b *testing.B) {
	s := serve(b, `location / { ssi on; } location /plain/ { alias html/; } location /text { return 200 "text"; }`, map[string]string{
		"page.html": `<html><!--#set var="a" value="b" --><!--#include virtual="/text" --><p><!--#echo var="a" --></p><!--#include virtual="/text" --></html>`,
	})
	for _, target := range []string{"/page.html", "/plain/page.html"} {
		b.Run(strings.Trim(filepath.Dir(target), "/")+"page", func(b *testing.B) {
			c := s.Dial()
			defer func() { _ = c.Close() }()
			buf := make([]byte, 4096)
			request := []byte("GET " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(request); err != nil {
					b.Fatal(err)
				}
				for {
					if _, err := c.Read(buf); err != nil {
						break
					}
				}
				_ = c.Close()
				c = s.Dial()
			}
		})
	}
}

// TestEncodedMemory: what echo encodes does not stay in memory.
func TestEncodedMemory(t *testing.T) {
	const doublings, echoes = 20, 50
	page := `<!--#set var="x" value="<" -->` + strings.Repeat(`<!--#set var="x" value="$x$x" -->`, doublings) +
		strings.Repeat(`<!--#echo var="x" encoding="url" -->`, echoes)
	s := serve(t, "location / { ssi on; }", map[string]string{"page.html": page})
	c := s.Dial()
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "GET /page.html HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	got := int64(0)
	for {
		n, err := io.CopyN(io.Discard, c, 16<<20)
		got += n
		runtime.ReadMemStats(&now)
		if now.HeapAlloc > before.HeapAlloc+100<<20 {
			t.Fatalf("%d MB after %d MB of the page", (now.HeapAlloc-before.HeapAlloc)>>20, got>>20)
		}
		if err != nil {
			break
		}
	}
	if got < echoes*3<<doublings {
		t.Errorf("the page has %d bytes", got)
	}
}
