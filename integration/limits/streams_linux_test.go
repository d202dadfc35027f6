package limits

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// beat is how often the application of the streams says something.
const beat = 400 * time.Millisecond

// streamConf has a location for each way an answer may take. The application finds its own way by the path.
const streamConf = `
-- http.conf --
gzip_min_length 0;
gzip_http_version 1.0;
gzip_proxied any;
charset_map koi8-r utf-8 { C0 D18E; C1 D0B0; }
proxy_http_version 1.1;
proxy_set_header Connection "";
proxy_ssl_session_reuse off;
server {
    listen %%ADDR%%;
    listen %%ADDR_2%% ssl;
    ssl_certificate certs/localhost.pem;
    ssl_certificate_key certs/localhost.key;
    root html;
    location /plain/ { proxy_pass http://%%UPSTREAM%%/; }
    location /sub/ { sub_filter two TWO; sub_filter_once off; proxy_pass http://%%UPSTREAM%%/; }
    location /ssi/ { ssi on; proxy_pass http://%%UPSTREAM%%/; }
    location /addition/ { add_after_body /plain/; proxy_pass http://%%UPSTREAM%%/; }
    location /included/ { ssi on; try_files /included.html =404; }
    location /charset/ { charset utf-8; source_charset koi8-r; proxy_pass http://%%UPSTREAM%%/; }
    location /gzip/ { gzip on; proxy_pass http://%%UPSTREAM%%/; }
    location /gzip-flush/ { gzip on; proxy_buffering off; proxy_pass http://%%UPSTREAM%%/; }
    location /gunzip/ { gunzip on; proxy_pass http://%%UPSTREAM%%/; }
    location /rate/ { limit_rate 400; proxy_pass http://%%UPSTREAM%%/; }
    location /proxy-rate/ { proxy_limit_rate 200; proxy_pass http://%%UPSTREAM%%/; }
    location /store/ { proxy_store store$uri; proxy_pass http://%%UPSTREAM%%/; }
    location /store-sendfile/ { sendfile on; proxy_store store$uri; proxy_pass http://%%UPSTREAM%%/; }
    location /tls/ { proxy_pass https://%%UPSTREAM_2%%/; }
    location /tls-off/ { proxy_buffering off; proxy_pass https://%%UPSTREAM_2%%/; }
    location /off/ { proxy_buffering off; proxy_pass http://%%UPSTREAM%%/; }
    location /off-sub/ { proxy_buffering off; sub_filter two TWO; proxy_pass http://%%UPSTREAM%%/; }
    location /off-ssi/ { proxy_buffering off; ssi on; proxy_pass http://%%UPSTREAM%%/; }
    location /postpone/ { postpone_output 0; proxy_pass http://%%UPSTREAM%%/; }
    location /small-buffers/ { proxy_buffer_size 4k; proxy_buffers 4 4k; proxy_pass http://%%UPSTREAM%%/; }
    location /large-head/ { add_header X-Large %%FILL_1500%%; proxy_pass http://%%UPSTREAM%%/; }
}
-- html/included.html --
before <!--#include virtual="/plain/chunks" --> after
`

// streamApp sends four parts, one every beat, in the way the path says.
func streamApp(a *appConn) {
	path := ""
	if f := strings.Fields(a.head()); len(f) > 1 {
		path = f[1]
	}
	head := "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
	parts := []string{"one <b>1</b>\n", "two <b>2</b>\n", "three <b>3</b>\n", "four\n"}
	each := func(send func(text string)) {
		for _, p := range parts {
			a.pause(beat)
			send(p)
		}
	}
	chunk := func(text string) { a.say("%x\r\n%s\r\n", len(text), text) }
	switch path {
	case "/accel":
		a.say("%sX-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n", head)
		each(chunk)
		a.say("0\r\n\r\n")
	case "/length":
		a.say("%sContent-Length: %d\r\n\r\n", head, len(strings.Join(parts, "")))
		each(func(text string) { a.say("%s", text) })
	case "/close":
		a.say("%s\r\n", head)
		each(func(text string) { a.say("%s", text) })
	case "/halves": // a chunk in two parts
		a.say("%sTransfer-Encoding: chunked\r\n\r\n", head)
		each(func(text string) {
			half := strings.Repeat("x", 700)
			a.say("%x\r\n%s", 2*len(half), half)
			a.pause(beat / 2)
			a.say("%s\r\n", half)
		})
		a.say("0\r\n\r\n")
	case "/large": // more than a buffer in each
		a.say("%sTransfer-Encoding: chunked\r\n\r\n", head)
		each(func(text string) { chunk(strings.Repeat(text, 1000)) })
		a.say("0\r\n\r\n")
	case "/gzipped":
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		a.say("%sContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", head)
		each(func(text string) {
			packed.Reset()
			_, _ = w.Write([]byte(text)) // into memory
			_ = w.Flush()
			chunk(packed.String())
		})
		packed.Reset()
		_ = w.Close()
		chunk(packed.String())
		a.say("0\r\n\r\n")
	default:
		a.say("%sTransfer-Encoding: chunked\r\n\r\n", head)
		each(chunk)
		a.say("0\r\n\r\n")
	}
}

// overTLS is an application that is spoken to by TLS.
func overTLS(t *testing.T, app func(net.Conn)) func(net.Conn) {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(filepath.Join(lab.Certs, "localhost.pem"), filepath.Join(lab.Certs, "localhost.key"))
	must(t, err)
	conf := &tls.Config{Certificates: []tls.Certificate{cert}}
	return func(c net.Conn) {
		secure := tls.Server(c, conf)
		defer func() { _ = secure.Close() }()
		app(secure)
	}
}

// streams are the requests: the path, and what is special about the client.
var streams = []struct{ path, client string }{
	{"/plain/chunks", ""},
	{"/plain/length", ""},
	{"/plain/close", ""},
	{"/plain/halves", ""},
	{"/plain/large", ""},
	{"/plain/accel", ""},
	{"/plain/chunks", "HTTP/1.0"},
	{"/plain/accel", "HTTP/1.0"},
	{"/plain/chunks", "TLS"},
	{"/plain/accel", "TLS"},
	{"/sub/chunks", ""},
	{"/sub/accel", ""},
	{"/sub/large", ""},
	{"/ssi/chunks", ""},
	{"/ssi/accel", ""},
	{"/addition/chunks", ""},
	{"/included/x", ""},
	{"/charset/chunks", ""},
	{"/gzip/chunks", ""},
	{"/gzip/accel", ""},
	{"/gzip-flush/chunks", ""},
	{"/gunzip/gzipped", ""},
	{"/rate/chunks", ""},
	{"/rate/accel", ""},
	{"/proxy-rate/chunks", ""},
	{"/store/chunks", ""},
	{"/store-sendfile/chunks", ""},
	{"/tls/chunks", ""},
	{"/tls/accel", ""},
	{"/tls-off/chunks", ""},
	{"/off/chunks", ""},
	{"/off/length", ""},
	{"/off/close", ""},
	{"/off/halves", ""},
	{"/off-sub/chunks", ""},
	{"/off-ssi/chunks", ""},
	{"/postpone/chunks", ""},
	{"/postpone/length", ""},
	{"/small-buffers/large", ""},
	{"/large-head/chunks", ""},
}

// steps are the times at which something came, those that lie close together as one.
func (a *arrivals) steps() (at []time.Duration) {
	last := -time.Hour
	for _, p := range a.parts {
		if p.at > last+100*time.Millisecond {
			at = append(at, p.at)
		}
		last = p.at
	}
	return append(at, a.ended)
}

// apart is the largest difference between two lists of times; a lot, where one is longer.
func apart(a, b []time.Duration) (most time.Duration) {
	if len(a) != len(b) {
		return time.Hour
	}
	for i := range a {
		most = max(most, (a[i] - b[i]).Abs())
	}
	return most
}

// TestStreams: what an application sends now and then reaches the client when it does through nginx.
func TestStreams(t *testing.T) {
	set := setup{text: streamConf, apps: apps(script(streamApp), overTLS(t, script(streamApp)))}
	servers := []*site{start(t, oracle(), set), start(t, tested(), set)}
	for first := 0; first < len(streams); first += streamBatch {
		var left []int
		for i := first; i < min(first+streamBatch, len(streams)); i++ {
			left = append(left, i)
		}
		for try := 0; try < streamTries && len(left) > 0; try++ {
			left = slices.DeleteFunc(left, streamPairs(t, servers, left, try == streamTries-1))
		}
	}
}

// streamBatch is how many streams are played at once: more would make each other late.
const streamBatch = 14

// streamTries is how often a stream is played that was not alike: of its six or seven moments none may come late by what
// other programs do.
const streamTries = 10

// streamPairs plays the streams in list to both servers, all at once, and returns what tells which of them were alike.
func streamPairs(t *testing.T, servers []*site, list []int, final bool) func(i int) bool {
	t.Helper()
	got := make([][2]*arrivals, len(streams))
	var wait sync.WaitGroup
	for _, i := range list {
		for k, s := range servers {
			c := s.dialAs(streams[i].client == "TLS")
			wait.Go(func() {
				version := "HTTP/1.1"
				if streams[i].client == "HTTP/1.0" {
					version = "HTTP/1.0"
				}
				c.send(fmt.Sprintf("GET %s %s\r\nHost: a\r\nAccept-Encoding: %s\r\nConnection: close\r\n\r\n",
					streams[i].path, version, strings.TrimPrefix(streams[i].path[:min(5, len(streams[i].path))], "/")))
				got[i][k] = c.receive(patience)
			})
		}
	}
	wait.Wait()
	return func(i int) bool {
		a, b := got[i][0].steps(), got[i][1].steps()
		alike := apart(a, b) <= 50*time.Millisecond
		if !alike && final {
			t.Errorf("%s %s: through nginx %v, through the server under test %v", streams[i].path, streams[i].client, a, b)
		} else {
			t.Logf("%s %s: %v, %v", streams[i].path, streams[i].client, a, b)
		}
		if strings.Count(got[i][0].text(), "HTTP/1.1 200") != 1 || got[i][1].status() != 200 {
			t.Errorf("%s: %.200q, %.200q", streams[i].path, got[i][0].text(), got[i][1].text())
		}
		return alike
	}
}
