package http2_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/http2"
	"github.com/sluiceproxy/sluice/runtime/module/proxy"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
)

// client returns a client of HTTP/2 for s, all of whose requests share a connection.
func client(t *testing.T, s *httptest.Server) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	tr := &http.Transport{
		Protocols:   protocols,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return s.Dial(), nil },
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// start runs a server of HTTP/2 whose location /app passes requests to app.
func start(t *testing.T, app http.HandlerFunc) *httptest.Server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: app, ReadHeaderTimeout: time.Minute}
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close() })
	return httptest.New(t, `server { http2 on;
		location /r { return 200 "$http2 $request $server_protocol $http_host $http_cookie"; }
		location /time { return 200 "$request_time"; }
		location /app { proxy_pass http://`+ln.Addr().String()+`; client_max_body_size 8m; proxy_request_buffering off; proxy_buffering off; }
		location /kept { proxy_pass http://`+ln.Addr().String()+`; client_max_body_size 8m; client_body_buffer_size 1k; } }`,
		pass.Module(), http2.Module(), rewrite.Module(), proxy.Module())
}

func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Add("Cookie", "a=1")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, body)
}

func TestRequest(t *testing.T) {
	c := client(t, start(t, nil))
	want := "200 h2c GET /r?x HTTP/2.0 HTTP/2.0 host.test a=1"
	for range 3 {
		if got := get(t, c, "http://host.test/r?x"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestRequestTime: a request begins when its bytes come, the first one of a connection, too.
func TestRequestTime(t *testing.T) {
	c := client(t, start(t, nil))
	for range 3 {
		if got := get(t, c, "http://a/time"); len(got) > len("200 00.000") {
			t.Errorf("request_time %q", got)
		}
	}
}

// TestNoUpgrade: fields about a connection of HTTP/1 do not go on.
func TestNoUpgrade(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Upgrade", "h2c")
		w.WriteHeader(http.StatusUpgradeRequired)
	})
	resp, err := client(t, s).Get("http://a/app")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusUpgradeRequired || resp.Header["Upgrade"] != nil {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	if r := s.Get("/app"); r.Header.Get("Upgrade") != "h2c" {
		t.Errorf("HTTP/1.1: %v", r.Header)
	}
}

// TestHTTP1Beside: both protocols are spoken at one address.
func TestHTTP1Beside(t *testing.T) {
	s := start(t, nil)
	if r := s.Get("/r"); r.Status != 200 || !strings.HasPrefix(r.Body, " GET /r HTTP/1.1") {
		t.Errorf("%d %q", r.Status, r.Body)
	}
}

// TestSideBySide: requests that wait do not hold up one another, and large bodies pass both ways.
func TestSideBySide(t *testing.T) {
	gate := make(chan struct{})
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/app/wait" {
			<-gate
		}
		_, _ = io.Copy(w, r.Body)
	})
	c := client(t, s)
	var waiting sync.WaitGroup
	for range 20 {
		waiting.Go(func() {
			if got := get(t, c, "http://a/app/wait"); got != "200 " {
				t.Errorf("%q", got)
			}
		})
	}
	body := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	var all sync.WaitGroup
	for i := range 8 {
		path := []string{"/app", "/kept"}[i%2]
		all.Go(func() {
			resp, err := c.Post("http://a"+path, "text/plain", bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = resp.Body.Close() }()
			got, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != http.StatusOK || !bytes.Equal(got, body) {
				t.Errorf("%s: %d, %d bytes, %v", path, resp.StatusCode, len(got), err)
			}
		})
	}
	all.Wait()
	close(gate)
	waiting.Wait()
}

// TestCanceled: an application learns at once that the client has canceled a stream.
func TestCanceled(t *testing.T) {
	began, ended := make(chan struct{}), make(chan struct{})
	s := start(t, func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
		close(ended)
	})
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://a/app", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-began
		cancel()
	}()
	resp, err := client(t, s).Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	<-ended
}

// TestManyCanceled: streams that are canceled in every state hold up no other.
func TestManyCanceled(t *testing.T) {
	s := start(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	c := client(t, s)
	body := bytes.Repeat([]byte("0123456789abcdef"), 10_000)
	var all sync.WaitGroup
	for i := range 120 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*time.Millisecond)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://a/app", bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			resp, err := c.Do(req)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		})
	}
	all.Wait()
	if got := get(t, c, "http://a/app"); got != "200 " {
		t.Errorf("%q", got)
	}
}

// TestErrors plays what ends a connection.
func TestErrors(t *testing.T) {
	settings := string(h2.AppendSettings(nil))
	frame := func(length int, kind h2.Type, flags h2.Flags, stream uint32, payload string) string {
		return string(h2.AppendHeader(nil, length, kind, flags, stream)) + payload
	}
	for _, tc := range []struct{ name, sent, log string }{
		{"preface", h2.Preface[:18] + "xxxxxx", ""},
		{"push", h2.Preface + settings + frame(0, h2.TypePushPromise, 0, 1, ""), "client sent PUSH_PROMISE frame"},
		{"continuation", h2.Preface + settings + frame(0, h2.TypeContinuation, 0, 1, ""), "client sent unexpected CONTINUATION frame"},
		{"even stream", h2.Preface + settings + frame(1, h2.TypeHeaders, h2.EndHeaders, 2, "\x82"), "client sent HEADERS frame with incorrect identifier 2"},
		{"index", h2.Preface + settings + frame(1, h2.TypeHeaders, h2.EndHeaders, 1, "\xff"), "client sent header block with incorrect length"},
		{"length of ping", h2.Preface + settings + frame(7, h2.TypePing, 0, 0, "1234567"), "client sent PING frame with incorrect length 7"},
		{"window", h2.Preface + settings + frame(4, h2.TypeWindowUpdate, 0, 0, "\x7f\xff\xff\xff"), "client violated connection flow control"},
		{"data of nobody", h2.Preface + settings + frame(0, h2.TypeData, 0, 0, ""), "client sent DATA frame with incorrect identifier"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := start(t, nil)
			c := s.Dial()
			defer func() { _ = c.Close() }()
			if _, err := io.WriteString(c, tc.sent); err != nil {
				t.Fatal(err)
			}
			if u, ok := c.(*net.UnixConn); ok {
				_ = u.CloseWrite()
			}
			if _, err := io.ReadAll(c); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(s.Log(), tc.log) {
				t.Errorf("log %q", s.Log())
			}
		})
	}
}
