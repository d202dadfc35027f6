package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/headers"
	"github.com/sluiceproxy/sluice/runtime/module/proxy"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

// backend answers connections with functions of the test, in the order in which
// they come; the last one answers all that follow.
type backend struct {
	addr string
	mu   sync.Mutex
	seen []string // request heads and bodies
	open []net.Conn

	direct func(r *bufio.Reader, c net.Conn)
}

// answer reads a request and writes a response; false ends the connection.
type answer func(req string, c net.Conn) bool

// say answers with text and ends the connection.
func say(text string) answer {
	return func(_ string, c net.Conn) bool {
		_, _ = io.WriteString(c, text)
		return false
	}
}

// keep is say that leaves the connection open.
func keep(text string) answer {
	return func(_ string, c net.Conn) bool {
		_, err := io.WriteString(c, text)
		return err == nil
	}
}

func newBackend(t testing.TB, answers ...answer) *backend {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{addr: l.Addr().String()}
	var running sync.WaitGroup
	running.Go(func() {
		for i := 0; ; i++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.open = append(b.open, c)
			b.mu.Unlock()
			running.Go(func() { b.serve(c, answers[min(i, len(answers)-1)]) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		b.mu.Lock()
		for _, c := range b.open {
			_ = c.Close()
		}
		b.mu.Unlock()
		running.Wait()
	})
	return b
}

func (b *backend) serve(c net.Conn, a answer) {
	defer func() { _ = c.Close() }()
	r := bufio.NewReader(c)
	b.mu.Lock()
	direct := b.direct
	b.mu.Unlock()
	if direct != nil {
		direct(r, c)
		return
	}
	for {
		req, err := readRequest(r)
		if err != nil {
			return
		}
		b.mu.Lock()
		b.seen = append(b.seen, req)
		b.mu.Unlock()
		if !a(req, c) {
			return
		}
	}
}

// readRequest reads a head and a body that announces its length.
func readRequest(r *bufio.Reader) (string, error) {
	var req strings.Builder
	length := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		req.WriteString(line)
		_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
		if line == "\r\n" {
			break
		}
	}
	body := make([]byte, length)
	_, err := io.ReadFull(r, body)
	req.Write(body)
	return req.String(), err
}

// raw gives connections to fn as they are.
func (b *backend) raw(fn func(r *bufio.Reader, c net.Conn)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.direct = fn
}

// requests returns what the backend was sent.
func (b *backend) requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.seen...)
}

// serve runs a configuration in which BACKEND stands for the backend's address.
func serve(t *testing.T, b *backend, conf string) *httptest.Server {
	t.Helper()
	return httptest.New(t, strings.ReplaceAll(conf, "BACKEND", b.addr), modules()...)
}

func modules() []httpd.Module {
	return []httpd.Module{pass.Module(), headers.Module(), rewrite.Module(), proxy.Module()}
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
