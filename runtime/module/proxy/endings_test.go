package proxy_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// TestResetBehindHeaderBuffer: a response that its server resets is broken off, also
// where the reset is found before the rest is read ahead of a client that is slow.
func TestResetBehindHeaderBuffer(t *testing.T) {
	const head = "HTTP/1.0 200 OK\r\n\r\n"
	b := newBackend(t, func(_ string, conn net.Conn) bool {
		_, _ = io.WriteString(conn, head+strings.Repeat("x", 4096-len(head)))
		_ = conn.(*net.TCPConn).SetLinger(0)
		return false
	})
	s := serve(t, b, "server { location / { limit_rate 3000; proxy_buffer_size 4k; proxy_pass http://BACKEND; } }")
	client := s.Dial()
	defer func() { _ = client.Close() }()
	if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if body := readBody(t, client); strings.HasSuffix(string(body), "\r\n0\r\n\r\n") {
		t.Errorf("it ended as if it were complete\n%s", s.Log())
	}
}

// TestRateEndsWithClient: an exchange whose client is gone does not wait until
// proxy_limit_rate has room.
func TestRateEndsWithClient(t *testing.T) {
	ended := make(chan error, 1)
	b := newBackend(t, func(_ string, conn net.Conn) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("x", 8000))
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, err := conn.Read(make([]byte, 1))
		ended <- err
		return false
	})
	s := serve(t, b, `server { location / { limit_rate 1000; proxy_limit_rate 50; proxy_ignore_client_abort on;
		proxy_pass http://BACKEND; } }`)
	client := s.Dial()
	if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_ = client.Close()
	if err := <-ended; errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the server's connection ends with %v", err)
	}
}

// TestUpgradeEndsBesideStuckWrite: when the server has ended its side of an upgraded
// connection, that ends, also where the server has not taken what the client sends.
func TestUpgradeEndsBesideStuckWrite(t *testing.T) {
	stuck, over := make(chan bool), make(chan bool)
	b := newBackend(t, keep(""))
	b.raw(func(r *bufio.Reader, conn net.Conn) {
		_, _ = readHead(r)
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: sink\r\nConnection: upgrade\r\n\r\n")
		<-stuck
		_ = conn.(*net.TCPConn).CloseWrite()
		<-over
	})
	s := serve(t, b, `server { location / {
		proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_pass http://BACKEND;
	} }`)
	defer close(over)
	client := s.Dial()
	defer func() { _ = client.Close() }()
	if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: sink\r\nConnection: Upgrade\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(client)
	if _, err := readHead(r); err != nil {
		t.Fatal(err)
	}
	_ = client.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
	_, _ = io.Copy(client, zeros{}) // until nothing is taken any more
	close(stuck)
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := r.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection is open: %v", err)
	}
	if log := s.Log(); strings.Contains(log, "timed out") {
		t.Error(log)
	}
}
