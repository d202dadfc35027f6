package proxy_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/notmodified"
	"github.com/sluiceproxy/sluice/runtime/module/ranges"
)

// ask is one request to a cache, and what is to come of it.
type ask struct {
	request string // "METHOD URI|Field: value|..."; "": GET /
	answer  string // the upstream server's: "STATUS BODY|Field: value|..."; "": it is not to be asked; "fail": it closes
	sees    string // what the upstream server is to see in its request; with - in front: not
	want    string // "STATUS CACHE BODY", CACHE is $upstream_cache_status
	age     int64  // Age of the answer, which may be one or two seconds more; -1: there is none; 0 is not looked at
	has     string // a line of the answer's header; with - in front: not
}

// TestCacheRFC9111 plays requests to a cache with proxy_cache_rfc9111. The rows are named by the sections of RFC 9111.
func TestCacheRFC9111(t *testing.T) {
	const (
		fresh = "200 one|Cache-Control: max-age=60"
		aged  = `200 one|Cache-Control: max-age=60|Age: 20|ETag: "a"`
		stale = `200 one|Cache-Control: max-age=60|Age: 80|ETag: "a"`
		again = "304 |Cache-Control: max-age=60"
		asks  = `If-None-Match: "a"`
	)
	first := func(answer string) ask { return ask{answer: answer, want: "200 MISS one"} }
	for _, c := range []struct {
		section string
		conf    string
		asks    []ask
	}{
		{"3.1 fields of the connection", "", []ask{
			first(fresh + "|Connection: X-Own|X-Own: 1|X-Other: 2"), {want: "200 HIT one", has: "-X-Own: 1"}, {want: "200 HIT one", has: "X-Other: 2"},
		}},
		{"3.3 a range of what is stored", "", []ask{
			first(fresh), {request: "GET /|Range: bytes=1-1", want: "206 HIT n", has: "Content-Range: bytes 1-1/3"},
		}},
		{"3.5 Authorization", "", []ask{
			{request: "GET /|Authorization: x", answer: fresh, want: "200 MISS one"},
			first("200 one|Cache-Control: max-age=60, public"),
			{request: "GET /|Authorization: x", want: "200 HIT one"},
		}},
		{"4 a hit", "", []ask{first(fresh), {want: "200 HIT one"}}},
		{"4.2.2 heuristic", "", []ask{first("200 one|Last-Modified: Thu, 01 Jan 2015 00:00:00 GMT"), {want: "200 HIT one"}}},
		{"4.2.2 nothing", "", []ask{first("200 one"), first(fresh)}},
		{"4.2.3 too old", "", []ask{first("200 one|Cache-Control: max-age=60|Age: 60"), first(fresh)}},
		{"4.2.3 too old, with a validator", "", []ask{
			first(stale), {answer: again, sees: asks, want: "200 REVALIDATED one"}, {want: "200 HIT one"},
		}},
		{"4.2.4 stale where it is allowed", "proxy_cache_use_stale error;", []ask{first(stale), {answer: "fail", want: "200 STALE one", age: 80}}},
		{"4.2.4 ... and not where it is forbidden", "proxy_cache_use_stale error;", []ask{
			first(`200 one|Cache-Control: max-age=60, must-revalidate|Age: 80|ETag: "a"`), {answer: "fail", want: "502 EXPIRED 502"},
		}},
		{"4.3.4 fields of a 304", "", []ask{
			first(stale + "|X-A: 1|X-B: 1|Content-Type: text/a"),
			{answer: again + "|X-A: 2|Content-Type: text/b|Set-Cookie: c=d", sees: asks, want: "200 REVALIDATED one", has: "X-A: 2"},
			{want: "200 HIT one", has: "X-A: 2"},
			{want: "200 HIT one", has: "-X-A: 1"},
			{want: "200 HIT one", has: "X-B: 1"},
			{want: "200 HIT one", has: "Content-Type: text/b"},
			{want: "200 HIT one", has: "-Set-Cookie: c=d"},
			{want: "200 HIT one", has: `Etag: "a"`},
		}},
		{"4.3.4 a 304 that forbids to store", "", []ask{
			first(stale), {answer: "304 |Cache-Control: no-store", want: "200 REVALIDATED one"}, first(fresh),
		}},
		{"4.3.4 a 304 for something else", "", []ask{
			first(stale), {answer: again + `|ETag: "b"`, want: "200 REVALIDATED one"}, first(fresh),
		}},
		{"4.3.4 a 304 with an age", "", []ask{
			first(stale), {answer: again + "|Age: 30", want: "200 REVALIDATED one", age: 30}, {want: "200 HIT one", age: 30},
		}},
		{"4.4 unsafe methods", "", []ask{
			first(fresh),
			{request: "POST /", answer: "200 two", want: "200 - two"},
			first(fresh),
			{request: "DELETE /", answer: "204 ", want: "204 - "},
			first(fresh),
			{request: "NEW /", answer: "302 two", want: "302 - two"},
			first(fresh),
			{request: "PUT /", answer: "500 two", want: "500 - two"},
			{want: "200 HIT one"},
			{request: "OPTIONS /", answer: "200 two", want: "200 - two"},
			{want: "200 HIT one"},
			{request: "POST /?other", answer: "200 two", want: "200 - two"},
			{want: "200 HIT one"},
		}},
		{"4.4 Location", "", []ask{
			first(fresh),
			{request: "POST /form", answer: "303 two|Location: /", want: "303 - two"},
			first(fresh),
			{request: "POST /a/form", answer: "303 two|Location: ../", want: "303 - two"},
			first(fresh),
			{request: "POST /form", answer: "201 two|Content-Location: http://LOCALHOST/", want: "201 - two"},
			first(fresh),
			{request: "POST /form", answer: "303 two|Location: http://elsewhere/", want: "303 - two"},
			{want: "200 HIT one"},
			{request: "POST /form", answer: "303 two|Location: https://localhost/", want: "303 - two"},
			{want: "200 HIT one"},
			{request: "POST /form", answer: "303 two|Location: http://[", want: "303 - two"},
			{want: "200 HIT one"},
		}},
		{"4.4 variants", "", []ask{
			{request: "GET /|X: a", answer: fresh + "|Vary: X", want: "200 MISS one"},
			{request: "GET /|X: b", answer: fresh + "|Vary: X", want: "200 MISS one"},
			{request: "POST /", answer: "200 two", want: "200 - two"},
			{request: "GET /|X: b", answer: fresh + "|Vary: X", want: "200 MISS one"},
			{request: "GET /|X: a", answer: fresh + "|Vary: X", want: "200 MISS one"},
		}},
		{"4.4 a method that is cached itself", "proxy_cache_methods POST;", []ask{
			first(fresh), {request: "POST /", want: "200 HIT one"}, {want: "200 HIT one"},
		}},
		{"5.1 Age", "", []ask{
			{answer: fresh, want: "200 MISS one", age: -1}, {want: "200 HIT one", has: "Age: "},
		}},
		{"5.1 Age with that of the upstream server", "", []ask{{answer: aged, want: "200 MISS one", age: 20}, {want: "200 HIT one", age: 20}}},
		{"5.1 ... hidden", "proxy_hide_header Age;", []ask{{answer: aged, want: "200 MISS one", age: -1}, {want: "200 HIT one", age: -1}}},
		{"5.2.1.1 max-age", "", []ask{
			first(aged),
			{request: "GET /|Cache-Control: max-age=30", want: "200 HIT one"},
			{request: "GET /|Cache-Control: max-age=10", answer: again, sees: asks, want: "200 REVALIDATED one"},
			{request: "GET /|Cache-Control: max-age=10", want: "200 HIT one"},
		}},
		{"5.2.1.1 max-age and no stale answer", "proxy_cache_use_stale error;", []ask{
			first(aged), {request: "GET /|Cache-Control: max-age=10", answer: "fail", want: "502 EXPIRED 502"},
		}},
		{"5.2.1.2 max-stale", "", []ask{
			first(stale),
			{request: "GET /|Cache-Control: max-stale=50", want: "200 STALE one", age: 80},
			{request: "GET /|Cache-Control: max-stale", want: "200 STALE one"},
			{request: "GET /|Cache-Control: max-stale=10", answer: again, want: "200 REVALIDATED one"},
		}},
		{"5.2.1.2 max-stale that is forbidden", "", []ask{
			first(stale + "|Cache-Control: proxy-revalidate"), {request: "GET /|Cache-Control: max-stale", answer: again, want: "200 REVALIDATED one"},
		}},
		{"5.2.1.3 min-fresh", "", []ask{
			first(aged),
			{request: "GET /|Cache-Control: min-fresh=30", want: "200 HIT one"},
			{request: "GET /|Cache-Control: min-fresh=50", answer: again, sees: asks, want: "200 REVALIDATED one"},
		}},
		{"5.2.1.4 no-cache", "", []ask{
			first(aged),
			{request: "GET /|Cache-Control: a|Cache-Control: no-cache", answer: again, sees: asks, want: "200 REVALIDATED one"},
			{request: "GET /|Cache-Control: no-cache", answer: "200 two|Cache-Control: max-age=60", want: "200 EXPIRED two"},
			{want: "200 HIT two"},
		}},
		{"5.2.1.5 no-store", "", []ask{
			{request: "GET /|Cache-Control: no-store", answer: fresh, sees: "-If-None-Match", want: "200 MISS one"},
			first(fresh),
			{request: "GET /|Cache-Control: no-store", want: "200 HIT one"},
		}},
		{"5.2.1.7 only-if-cached", "", []ask{
			{request: "GET /|Cache-Control: only-if-cached", want: "504 MISS 504"},
			first(fresh),
			{request: "GET /|Cache-Control: only-if-cached", want: "200 HIT one"},
			{request: "GET /|Cache-Control: only-if-cached, max-age=x", want: "200 HIT one"},
		}},
		{"5.2.2.4 no-cache", "", []ask{
			first(`200 one|Cache-Control: no-cache|ETag: "a"`),
			{answer: "304 |X: y", sees: asks, want: "200 REVALIDATED one"},
			{answer: "304 |X: y", sees: asks, want: "200 REVALIDATED one"},
			{answer: "200 two", sees: asks, want: "200 EXPIRED two"},
		}},
		{"5.2.2.10 s-maxage", "proxy_cache_use_stale error;", []ask{
			first(`200 one|Cache-Control: s-maxage=60|Age: 80|ETag: "a"`), {answer: "fail", want: "502 EXPIRED 502"},
		}},
		{"RFC 5861 stale-if-error", "", []ask{
			first(`200 one|Cache-Control: s-maxage=60, stale-if-error=90|Age: 80`), {answer: "fail", want: "200 STALE one"},
		}},
		{"5.4 Pragma", "", []ask{
			first(aged),
			{request: "GET /|Pragma: no-cache", answer: again, sees: asks, want: "200 REVALIDATED one"},
			{request: "GET /|Pragma: no-cache|Cache-Control: max-age=90", want: "200 HIT one"},
		}},
		{"RFC 9110, 6.6.1 Date is that of the response", "", []ask{
			first(fresh + "|Date: Sun, 09 Sep 2001 01:46:40 GMT|Cache-Control: max-age=60|X-Accel-Expires: 60"),
			{want: "200 HIT one", has: "Date: Sun, 09 Sep 2001 01:46:40 GMT"},
		}},
		{"RFC 9110, 13.1.3 If-None-Match is enough", "", []ask{
			first(aged + "|Last-Modified: Thu, 01 Jan 2015 00:00:00 GMT"),
			{request: `GET /|If-None-Match: "a"|If-Modified-Since: Thu, 01 Jan 2009 00:00:00 GMT`, want: "304 HIT "},
		}},
		{"what the operator says", "proxy_cache_valid 1h;", []ask{first("200 one|Age: 9999"), {want: "200 HIT one"}}},
		{"what the operator says, 0", "proxy_cache_valid any 0;", []ask{
			first("200 one|Last-Modified: Thu, 01 Jan 2015 00:00:00 GMT"), first(fresh), {want: "200 HIT one"},
		}},
		{"the operator bypasses", "proxy_cache_bypass $arg_b;", []ask{
			first(fresh),
			{request: "GET /?b=1", answer: fresh, want: "200 BYPASS one"},
			{request: "GET /?b=1|Cache-Control: no-store", answer: "200 two|Cache-Control: max-age=60", want: "200 BYPASS two"},
		}},
		{"off", "proxy_cache_rfc9111 off;", []ask{
			{answer: aged, want: "200 MISS one", age: 20},
			{want: "200 HIT one", age: 20},
			{request: "GET /|Cache-Control: no-cache", want: "200 HIT one"},
			{request: "GET /|Cache-Control: only-if-cached, max-age=0", want: "200 HIT one"},
			{request: "POST /", answer: "200 two", want: "200 - two"},
			{want: "200 HIT one"},
			{request: "GET /x|Cache-Control: only-if-cached", answer: "200 one|Last-Modified: Thu, 01 Jan 2015 00:00:00 GMT", want: "200 MISS one"},
			{request: "GET /x|Authorization: x", answer: fresh, want: "200 MISS one"},
			{request: "GET /x", want: "200 HIT one"},
		}},
	} {
		t.Run(c.section, func(t *testing.T) { playCache(t, c.conf, c.asks) })
	}
}

// TestCacheRFC9111Grows: an upstream server whose validations bring other fields each time does not have the head of an entry
// grow without bound: it is asked for all of the response again.
func TestCacheRFC9111Grows(t *testing.T) {
	const stale = `200 one|Cache-Control: max-age=60|Age: 80|ETag: "a"`
	asks := []ask{{answer: stale, want: "200 MISS one"}}
	for i := range 5 {
		field := fmt.Sprintf("X-Field-%d: %s", i, strings.Repeat("x", 1500))
		asks = append(asks, ask{
			answer: "304 |Cache-Control: max-age=60|Age: 80|" + field, sees: `If-None-Match: "a"`, want: "200 REVALIDATED one", has: field,
		})
	}
	asks = append(asks, ask{answer: stale, sees: "-If-None-Match", want: "200 MISS one", has: "-X-Field-0: x"})
	playCache(t, "proxy_buffer_size 3k; proxy_buffers 4 3k; proxy_busy_buffers_size 6k;", asks)
}

// playCache makes the requests of asks one after the other.
func playCache(t *testing.T, conf string, asks []ask) {
	t.Helper()
	answers := make(chan string, 1)
	seen := make(chan string, 1)
	b := newBackend(t, func(req string, c net.Conn) bool {
		seen <- req
		select {
		case a := <-answers:
			if a == "fail" {
				return false
			}
			_, err := io.WriteString(c, a)
			return err == nil
		default:
			return false
		}
	})
	s := httptest.New(t, "proxy_cache_path "+filepath.Join(t.TempDir(), "cache")+` keys_zone=z:1m;
		proxy_cache_rfc9111 on;
		server { proxy_cache z; add_header X-Cache $upstream_cache_status always;
			location / { proxy_pass http://`+b.addr+"; "+conf+" } }", append(modules(), notmodified.Module(), ranges.Module(), ranges.BodyModule())...)
	for i, a := range asks {
		if a.answer != "" {
			answers <- answerText(a.answer)
		}
		lines := strings.Split(a.request, "|")
		if lines[0] == "" {
			lines[0] = "GET /"
		}
		r := s.Do(lines[0] + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + strings.Join(append(lines[1:], "\r\n"), "\r\n"))
		status := r.Header.Get("X-Cache")
		if status == "" {
			status = "-"
		}
		if r.Status >= 500 && strings.Contains(r.Body, "<title>") {
			r.Body = strconv.Itoa(r.Status)
		}
		if got := fmt.Sprintf("%d %s %s", r.Status, status, r.Body); got != a.want {
			t.Errorf("%d %q: %s, want %s, log %s", i, a.request, got, a.want, s.Log())
		}
		checkAnswer(t, i, &a, &r)
		select {
		case req := <-seen:
			wanted, not := strings.CutPrefix(a.sees, "-")
			if a.answer == "" || a.sees != "" && strings.Contains(req, wanted) == not {
				t.Errorf("%d %q: the upstream server was asked %q", i, a.request, req)
			}
		default:
			if a.answer != "" {
				t.Errorf("%d %q: the upstream server was not asked", i, a.request)
				<-answers
			}
		}
	}
}

// answerText is an answer of the upstream server.
func answerText(text string) string {
	if text == "fail" {
		return text
	}
	first, fields, _ := strings.Cut(text, "|")
	status, body, _ := strings.Cut(first, " ")
	length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
	if status == "304" || status == "204" {
		length = ""
	}
	if fields != "" {
		fields = strings.ReplaceAll(fields, "|", "\r\n") + "\r\n"
	}
	return "HTTP/1.1 " + status + " X\r\n" + length + fields + "\r\n" + body
}

// checkAnswer compares the header of an answer.
func checkAnswer(t *testing.T, i int, a *ask, r *httptest.Response) {
	t.Helper()
	if a.age != 0 {
		age, err := strconv.ParseInt(r.Header.Get("Age"), 10, 64)
		if err != nil {
			age = -1
		}
		if a.age == -1 && age != -1 || a.age > 0 && (age < a.age || age > a.age+30) {
			t.Errorf("%d %q: Age %d, want %d", i, a.request, age, a.age)
		}
	}
	line, not := strings.CutPrefix(a.has, "-")
	name, value, _ := strings.Cut(line, ": ")
	if a.has != "" && (len(r.Header[name]) > 0 && strings.Contains(strings.Join(r.Header[name], "|"), value)) == not {
		t.Errorf("%d %q: %s %q, want %s", i, a.request, name, r.Header[name], a.has)
	}
}

// TestCacheRFC9111Large: the head of an entry in a file is renewed, too; of a very large one only where it has to be.
func TestCacheRFC9111Large(t *testing.T) {
	for _, c := range []struct {
		size   int
		answer string // to the validation
		same   bool   // the file stays
	}{
		{100_000, "304 |Date: Sun, 09 Sep 2001 01:46:50 GMT|X-Accel-Expires: 60", false},
		{17 << 20, "304 |Content-Location: /x|Date: Sun, 09 Sep 2001 01:46:50 GMT|X-Accel-Expires: 60", false},
		{17 << 20, "304 |X-Number: 2|Date: Sun, 09 Sep 2001 01:46:50 GMT|Expires: Fri, 31 Dec 2100 01:46:50 GMT", true},
	} {
		asked := 0
		body := strings.Repeat("0123456789abcdef", c.size/16)
		b := newBackend(t, func(_ string, conn net.Conn) bool {
			asked++
			text := answerText(c.answer)
			if asked == 1 {
				text = answerText("200 " + body + `|ETag: "a"|Expires: Sun, 09 Sep 2001 01:46:40 GMT`)
			}
			_, err := io.WriteString(conn, text)
			return err == nil
		})
		dir := filepath.Join(t.TempDir(), "cache")
		s := serve(t, b, "proxy_cache_path "+dir+` keys_zone=z:1m; server { proxy_cache z; proxy_cache_rfc9111 on;
			add_header X-Cache $upstream_cache_status; location / { proxy_pass http://BACKEND; } }`)
		inode := func() os.FileInfo {
			list := entries(t, dir)
			if len(list) != 1 {
				t.Fatalf("%d entries, log %s", len(list), s.Log())
			}
			st, err := os.Stat(list[0])
			if err != nil {
				t.Fatal(err)
			}
			return st
		}
		var before os.FileInfo
		for i, want := range []string{"MISS", "REVALIDATED", "HIT"} {
			r := s.Get("/")
			if got := r.Header.Get("X-Cache"); got != want || r.Body != body {
				t.Fatalf("%d %s: %s, %d bytes, log %s", c.size, c.answer, got, len(r.Body), s.Log())
			}
			if strings.Contains(c.answer, "Location") && (r.Header.Get("Content-Location") == "/x") != (i > 0) {
				t.Errorf("%d: %q", i, r.Header)
			}
			if i == 0 {
				before = inode()
			}
		}
		if got := os.SameFile(before, inode()); got != c.same {
			t.Errorf("%d %s: the file is the same: %v", c.size, c.answer, got)
		}
	}
}

// BenchmarkCacheHit compares hits without and with proxy_cache_rfc9111.
func BenchmarkCacheHit(b *testing.B) {
	for _, word := range []string{"off", "on"} {
		b.Run(word, func(b *testing.B) {
			app := newBackend(b, keep("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nCache-Control: max-age=3600\r\n"+
				"Content-Type: text/html\r\nETag: \"a\"\r\nLast-Modified: Thu, 01 Jan 2015 00:00:00 GMT\r\n\r\nok"))
			s := httptest.New(b, fmt.Sprintf(`proxy_cache_path %s keys_zone=a:1m;
				keepalive_requests 1000000000; keepalive_time 1d;
				server { location / { proxy_pass http://%s; proxy_cache a; proxy_cache_rfc9111 %s; } }`, b.TempDir(), app.addr, word), modules()...)
			c := s.Dial()
			defer func() { _ = c.Close() }()
			request, answer := []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), make([]byte, 4096)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(request); err != nil {
					b.Fatal(err)
				}
				if _, err := c.Read(answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestCacheRFC9111Overtaken: a response that was asked for before a POST is not stored after it, since it may be older.
func TestCacheRFC9111Overtaken(t *testing.T) {
	asked, answer := make(chan struct{}, 2), make(chan struct{})
	b := newBackend(t, func(req string, c net.Conn) bool {
		if strings.HasPrefix(req, "GET") {
			asked <- struct{}{}
			<-answer
		}
		_, err := io.WriteString(c, answerText("200 old|Cache-Control: max-age=60"))
		return err == nil
	})
	s, _ := cached(t, b, "proxy_cache_rfc9111 on;")
	first := make(chan httptest.Response)
	go func() { first <- s.Get("/") }()
	<-asked
	s.Do("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
	close(answer)
	if r := <-first; r.Body != "old" {
		t.Errorf("%d %q", r.Status, r.Body)
	}
	expectCache(t, s, "/", "MISS", "old")
	expectCache(t, s, "/", "HIT", "old")
}
