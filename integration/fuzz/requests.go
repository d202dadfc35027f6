package main

import (
	"fmt"
	"strings"
)

// request is what a client sends on one connection.
type request struct {
	id      string
	first   []string // request line and fields, without line ends
	body    string
	answers int
	raw     string // sent as it is, in place of the rest
}

// requestWords are what requests are made of, as grammar is for configurations.
var requestWords = map[string][]string{
	"rpath": {
		"/", "/", "/a.txt", "/b.html", "/dir/c.txt", "/dir", "/dir/", "/dir/sub/d.html", "/index.html", "/page.shtml", "/big.txt", "/empty.txt", "/none", "/none/x.txt", "/data.json", "/img.png",
		"/link.txt", "/noperm.txt", "/.hidden", "/app/", "/app/<reply>", "/app/<reply>", "/app/<reply>", "/app/<reply>", "/<reply>", "/<reply>", "/app", "/one/a", "/two/b", "/one/deep/a.txt", "/x", "/x/a.txt",
		"/dav/new.txt", "/dav/d/e.txt", "/dav/old.txt", "/auth/200", "/pre.txt", "/a", "/A.TXT", "/style.css", "/up.php", "/dir/sub", "/sp%20ace.txt", "/dir/../a.txt", "//a.txt", "/dir//c.txt", "/./a.txt",
		"/%61.txt", "/a.txt/", "/a.txt/x", "/dir/%2e%2e/b.html", "/dir/..", "/..", "/a%00b", "/a%zz", "/a%2", "/%e4%b8", "/a.txt%20", "/x?y?z", "/dir/./sub/../c.txt", "/app/a%2fb", "/app/a%20b", "/app/%3Fx", "/app//x/", "*",
		"/app/a'b(c)!", "/+plus", "/a;b=c", "/a:b", "/app/<reply>/more", "/one", "/two/", "/404.html", "/a%23b", "/big.txt", "/a.txt#frag",
	},
	"reply": {
		"len", "chunked", "unframed", "headers", "cookies", "redirect", "relative", "404", "500", "503", "204", "304", "206", "gzip", "close", "badhead", "accel", "accelbuf", "accelname", "noctype", "html", "echo",
		"trailer", "interim", "big", "zero", "bad-chunk", "short", "http10", "dup", "conn", "date", "ranges", "latin", "refresh", "unknown-path",
	},
	"query":   {"", "", "", "", "?a=1", "?a=b&l=x", "?e=1", "?e=2&a=two", "?", "?l=same", "?l=same&a", "?A=2", "?a=%20x", "?a=/b", "?arg", "?a=a.txt"},
	"rmethod": {"GET", "GET", "GET", "GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "MKCOL", "COPY", "MOVE", "PROPFIND", "BREW", "CONNECT", "get", "HEAD", "POST"},
	"rhost":   {"localhost", "localhost", "localhost", "a.test", "x.b.test", "foo.r.test", "dot.test", "sub.dot.test", "www.x", "LOCALHOST", "localhost:80", "a.test.", "nobody.test", "127.0.0.1", "[::1]:80", "a_b", "", "a..b", "a b", "-"},
	"field": {
		"Range: bytes=<range>", "Range: bytes=<range>", "If-Range: <etag>", "If-Modified-Since: <date>", "If-None-Match: <etag>", "If-Match: <etag>", "If-Unmodified-Since: <date>",
		"Accept-Encoding: <coding>", "Accept-Encoding: gzip", "X-A: <hval>", "X-A: abc", "Cookie: c=<hval>", "Cookie: c=1; d=2", "Referer: http://<host2>/x", "User-Agent: fuzz/1 <hval>",
		"Authorization: Basic <auth>", "Authorization: Basic dXNlcjpwYXNz", "X-Forwarded-For: <ips>", "X-Real-IP: <ips>", "Connection: <conn>", "Content-Type: <ctype>", "Via: 1.0 x", "X_Under: y",
		"Destination: http://localhost/dav/<dest>", "Overwrite: <over>", "Depth: <depth>", "Upgrade: websocket", "TE: trailers", "Accept: */*", "Cache-Control: no-cache", "Keep-Alive: 300", "Expect: <expect>", "X-Accel-Redirect: /a.txt", "Date: <date>", "Host: second.test",
		"Proxy-Connection: x", "Trailer: x", "Accept-Language: de", "Origin: http://o.test", "X-Empty:", "If-Modified-Since: nonsense", "Content-Length: 0",
	},
	"range":  {"0-0", "0-4", "2-", "-3", "0-1,3-4", "5-2", "999999-", "0-0,-1", "-0", "a-b", "0-9999", "1-2,2-3,3-4", " 0-1", "0 - 1", "", "18446744073709551616-"},
	"etag":   {`"65e71170-6"`, `W/"65e71170-6"`, "*", `"x", "65e71170-6"`, `"nope"`, "Tue, 05 Mar 2024 12:34:56 GMT"},
	"date":   {"Tue, 05 Mar 2024 12:34:56 GMT", "Tue, 05 Mar 2024 12:34:55 GMT", "Wed, 06 Mar 2030 00:00:00 GMT", "Tuesday, 05-Mar-24 12:34:56 GMT", "Tue Mar  5 12:34:56 2024", "x"},
	"coding": {"gzip", "gzip;q=0", "deflate, gzip", "*", "identity", "gzip;q=0.5, br", "x-gzip", "GZIP"},
	"hval":   {"1", "abc", "one", "b2", "two words", "", "a=b", "\xc3\xa9", "x\ty", strings.Repeat("long", 40)},
	"host2":  {"a.test", "www.ok.test", "other.net", "b.test:8080"},
	"auth":   {"dXNlcjpwYXNz", "dXNlcjpub3Bl", "bm9ib2R5OngK", "!!!", "dXNlcg==", ""},
	"ips":    {"10.0.0.1", "10.0.0.1, 127.0.0.1", "1.2.3.4, 5.6.7.8", "x", "::1", "10.1.1.1:80", ""},
	"conn":   {"close", "keep-alive", "upgrade", "close, x", "Keep-Alive", "TE"},
	"ctype":  {"text/plain", "application/x-www-form-urlencoded", "x"},
	"dest":   {"moved.txt", "d/", "new.txt", "old.txt", "none/x"},
	"over":   {"T", "F", "x"},
	"depth":  {"0", "1", "infinity", "x"},
	"expect": {"100-continue", "100-Continue", "x"},
	"badline": {
		"GET  /a.txt HTTP/1.1", "GET /a.txt HTTP/2.0", "GET /a.txt HTTP/1.2", "GET /a.txt  HTTP/1.1", "GET /a.txt HTTP/1.1 ", "GET /a.txt FTP/1.1", "GET /a.txt", "GET", " GET / HTTP/1.1", "GET a.txt HTTP/1.1", "GET http://localhost/a.txt HTTP/1.1",
		"GET http://localhost HTTP/1.1", "GET http:///x HTTP/1.1", "GET HTTP://a.test:80/dir/ HTTP/1.1", "GET ftp://x/ HTTP/1.1", "GET /a\x01b HTTP/1.1", "GET /a b HTTP/1.1", "GET /\xff HTTP/1.1", "GET / HTTP/1", "GET / HTTP/1.", "GET / HTTP/11.1", "GET / http/1.1", "GET / HTTP/1.10",
		"GE\x00T / HTTP/1.1", "G-T / HTTP/1.1", "GET /../../x HTTP/1.1", "GET /%2e%2e/%2e%2e/x HTTP/1.1", "GET /dir%5c..%5cx HTTP/1.1", "OPTIONS * HTTP/1.1", "CONNECT a:80 HTTP/1.1", "GET ? HTTP/1.1", "GET /" + strings.Repeat("u", 1200) + " HTTP/1.1", "\r\nGET /a.txt HTTP/1.1",
	},
	"badfield": {
		"No colon", ": empty", "X-Sp : x", " folded: x", "X-\x00: y", "X-A: a\x00b", "X-A: a\x01b", "X(A): y", "X-Ü: y", "\tTab: x", "Host", "Host:", "Content-Length: 5x", "Content-Length: -1", "Content-Length: +3", "Content-Length: 99999999999999999999",
		"Transfer-Encoding: gzip", "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: Chunked", "Transfer-Encoding: identity", "Content-Length: 3, 3", "X-Long: " + strings.Repeat("v", 1500), "X-A.b: 1", "_x: y", "X-A: trailing  ",
	},
	"badchunk": {
		"zz\r\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "3 \r\nabc\r\n0\r\n\r\n", "3;ext=1\r\nabc\r\n0\r\n\r\n", "3\nabc\n0\n\n", "3\r\nabc\r\n0\r\nX-T: y\r\n\r\n", "-3\r\nabc\r\n0\r\n\r\n", "ffffffffffffffffff\r\nabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n",
		"\r\n0\r\n\r\n", "03\r\nabc\r\n00\r\n\r\n", "3\r\nabc\r\n0\r\nbad\r\n\r\n", "3\r\nabc\r\n0;x\r\n\r\n", " 3\r\nabc\r\n0\r\n\r\n",
	},
}

// word is expand for requestWords: an empty text and one that has spaces at its ends stay as they are.
func (g gen) word(text string) string {
	for wordMark.MatchString(text) {
		text = wordMark.ReplaceAllStringFunc(text, func(m string) string { return g.one(requestWords[m[1:len(m)-1]]...) })
	}
	return text
}

// request makes one; its id is in the field X-Id, for the logs.
func (g gen) request(n int) *request {
	r := &request{id: fmt.Sprintf("%03d", n), answers: 1}
	version := "HTTP/1.1"
	if g.chance(15) {
		version = "HTTP/1.0"
	}
	method := g.word("<rmethod>")
	first := method + " " + g.word("<rpath><query>") + " " + version
	if g.chance(8) {
		first = g.word("<badline>")
	}
	if g.chance(1) {
		r.raw = g.word("GET <rpath><query>\r\n") // HTTP/0.9
		return r
	}
	r.first = append(r.first, first)
	if g.chance(95) {
		r.first = append(r.first, "Host: "+g.word("<rhost>"))
	}
	r.first = append(r.first, "X-Id: "+r.id)
	for range g.IntN(4) {
		r.first = append(r.first, g.word("<field>"))
	}
	if g.chance(8) {
		r.first = append(r.first, g.word("<badfield>"))
	}
	if method == "POST" || method == "PUT" || method == "PATCH" || g.chance(5) {
		g.addBody(r)
	}
	if g.chance(80) && !strings.Contains(strings.Join(r.first, "\n"), "Connection:") {
		r.first = append(r.first, "Connection: close")
	} else if g.chance(20) {
		r.body += another + "\r\nHost: localhost\r\nX-Id: " + r.id + "p\r\nConnection: close\r\n\r\n"
		r.answers = 2
	}
	return r
}

// another is the request line of what follows on a connection.
const another = "GET /a.txt HTTP/1.1"

func (g gen) addBody(r *request) {
	body := g.one("", "x", "a=1&b=2", strings.Repeat("0123456789", 30), strings.Repeat("body ", 2000))
	switch {
	case g.chance(15):
		r.first = append(r.first, "Transfer-Encoding: chunked")
		r.body = g.word("<badchunk>")
	case g.chance(35):
		r.first = append(r.first, "Transfer-Encoding: chunked")
		for piece := range strings.SplitSeq(body, "5") {
			if piece != "" {
				r.body += fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece)
			}
		}
		r.body += "0\r\n\r\n"
	default:
		r.first = append(r.first, fmt.Sprintf("Content-Length: %d", len(body)))
		r.body = body
	}
}

// bytes are what goes over the wire.
func (r *request) bytes(without map[int]bool) string {
	if r.raw != "" {
		return r.raw
	}
	var b strings.Builder
	for i, l := range r.first {
		if !without[i] {
			b.WriteString(l + "\r\n")
		}
	}
	return b.String() + "\r\n" + r.body
}

// head is the request as the table of differences has it: request line and fields in one line, bars between them; one that
// is followed by another on its connection ends in "| and another".
func (r *request) head(without map[int]bool) string {
	if r.raw != "" {
		return strings.TrimSpace(r.raw)
	}
	var lines []string
	for i, l := range r.first {
		if !without[i] {
			lines = append(lines, l)
		}
	}
	if r.answers > 1 {
		lines = append(lines, "and another")
	}
	return strings.Join(lines, " | ")
}

// script writes bytes as a file requests/NAME of an archive has them.
func script(wire string, answers int) string {
	var b strings.Builder
	if answers != 1 {
		fmt.Fprintf(&b, "@answers %d\n", answers)
	}
	start := true // of a line
	for i := 0; i < len(wire); i++ {
		c := wire[i]
		switch {
		case c == '\r' && i+1 < len(wire) && wire[i+1] == '\n':
			b.WriteByte('\n')
			i++
			start = true
			continue
		case c == '\n':
			b.WriteString("%%LF%%")
		case c < ' ' || c >= 0x7f || c == '%' && i+1 < len(wire) && wire[i+1] == '%' || start && (c == '@' || c == '-'):
			fmt.Fprintf(&b, "%%%%HEX_%02x%%%%", c)
		default:
			b.WriteByte(c)
		}
		start = false
	}
	return b.String() + "%%END%%\n"
}
