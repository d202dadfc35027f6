package proxy_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/internal/testcert"
)

// twoServer is a server of HTTP/2 of net/http. It answers a request with its own body, twice, and counts connections.
type twoServer struct {
	addr  string
	conns atomic.Int64
}

func newTwoServer(t *testing.T, secure bool) *twoServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &twoServer{addr: l.Addr().String()}
	h := &http.Server{Handler: s, Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute, ConnState: func(_ net.Conn, st http.ConnState) {
		if st == http.StateNew {
			s.conns.Add(1)
		}
	}}
	if secure {
		h.Protocols.SetHTTP2(true)
		h.TLSConfig = &tls.Config{Certificates: []tls.Certificate{testcert.New(t)}, MinVersion: tls.VersionTLS12}
	} else {
		h.Protocols.SetUnencryptedHTTP2(true)
	}
	var running sync.WaitGroup
	running.Go(func() {
		if secure {
			_ = h.ServeTLS(l, "", "")
		} else {
			_ = h.Serve(l)
		}
	})
	t.Cleanup(func() {
		_ = h.Close()
		running.Wait()
	})
	return s
}

// ServeHTTP implements http.Handler.
func (s *twoServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("X-Proto", r.Proto)
	w.Header().Set("X-Uri", r.RequestURI)
	w.Header().Set(http.TrailerPrefix+"X-Size", fmt.Sprint(len(body)))
	if r.URL.Query().Has("cached") {
		w.Header().Set("Cache-Control", "max-age=60")
	}
	_, _ = w.Write(body)
	_ = http.NewResponseController(w).Flush()
	_, _ = w.Write(body)
}

// TestTwo: requests and responses of all sizes, buffered and as they come, with and without TLS, on kept connections.
func TestTwo(t *testing.T) {
	for _, secure := range []bool{false, true} {
		back := newTwoServer(t, secure)
		scheme := "http"
		if secure {
			scheme = "https"
		}
		b := &backend{addr: back.addr}
		s := serve(t, b, `upstream two { server BACKEND; keepalive 4; }
			server { client_max_body_size 0; proxy_http_version 2; proxy_pass_trailers on; location / { proxy_pass `+scheme+`://two; }
			location /off/ { proxy_buffering off; proxy_request_buffering off; proxy_pass `+scheme+`://two; } }`)
		for _, uri := range []string{"/a%20b?c", "/off/"} {
			for _, size := range []int{0, 1, 5000, 70000, 300000, 3 << 20} {
				body := strings.Repeat("0123456789", size/10+1)[:size]
				resp := s.Do(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", uri, size, body))
				got, trailers := unchunk(t, resp.Body)
				if got != body+body || resp.Header.Get("X-Proto") != "HTTP/2.0" || resp.Header.Get("X-Uri") != uri ||
					!strings.Contains(strings.ToLower(trailers), fmt.Sprintf("x-size: %d", size)) {
					t.Errorf("%s, %d bytes: %d came, header %v, trailers %q\n%s", uri, size, len(got), resp.Header, trailers, s.Log())
				}
			}
		}
		if n := back.conns.Load(); n > 4 {
			t.Errorf("%d connections", n)
		}
	}
}

// unchunk takes a chunked body apart.
func unchunk(t *testing.T, text string) (body, trailers string) {
	t.Helper()
	var b strings.Builder
	for {
		var n int
		line, rest, ok := strings.Cut(text, "\r\n")
		if _, err := fmt.Sscanf(line, "%x", &n); err != nil || !ok || n > len(rest) {
			t.Errorf("no chunk: %.100q", text)
			return b.String(), ""
		}
		if n == 0 {
			return b.String(), rest
		}
		b.WriteString(rest[:n])
		text = strings.TrimPrefix(rest[n:], "\r\n")
	}
}

// TestTwoSlowClient: a response that its client does not take is read ahead, so that the server's connection gets free.
func TestTwoSlowClient(t *testing.T) {
	back := newTwoServer(t, false)
	b := &backend{addr: back.addr}
	s := serve(t, b, `server { client_max_body_size 0; location / { proxy_http_version 2; proxy_pass http://BACKEND; } }`)
	body := bytes.Repeat([]byte("0123456789"), 1<<20)
	c := s.Dial()
	defer func() { _ = c.Close() }()
	if _, err := fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(all), "\r\n\r\n")
	if got, _ := unchunk(t, text); got != string(body)+string(body) {
		t.Errorf("%d bytes came\n%s", len(got), s.Log())
	}
}

// TestTwoCached: a response of HTTP/2 is stored, and answers the next request.
func TestTwoCached(t *testing.T) {
	back := newTwoServer(t, false)
	b := &backend{addr: back.addr}
	s := serve(t, b, `proxy_cache_path cache keys_zone=z:1m; server { location / {
		proxy_cache z; proxy_cache_methods POST; proxy_http_version 2; add_header X-Cache $upstream_cache_status; proxy_pass http://BACKEND;
	} }`)
	for _, want := range []string{"MISS", "HIT"} {
		resp := s.Get("/?cached")
		if resp.Header.Get("X-Cache") != want || resp.Header.Get("X-Proto") != "HTTP/2.0" {
			t.Errorf("%v, want %s\n%s", resp.Header, want, s.Log())
		}
	}
}
