package proxy_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/internal/testcert"
)

// TestTLSPeerEnds: how a TLS connection to an application fails is told in OpenSSL's
// words, by which people look such lines up.
func TestTLSPeerEnds(t *testing.T) {
	cert := testcert.New(t)
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"
	for _, c := range []struct {
		name string
		end  func(raw *net.TCPConn, server *tls.Conn)
		want string
	}{
		{
			"no TLS", nil,
			"SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream",
		},
		{
			"reset", func(raw *net.TCPConn, _ *tls.Conn) { _ = raw.SetLinger(0) },
			"upstream prematurely closed connection while reading response header from upstream",
		},
		{
			"reset within the body", func(raw *net.TCPConn, server *tls.Conn) {
				_, _ = io.WriteString(server, head)
				_ = raw.SetLinger(0)
			},
			"upstream prematurely closed connection while reading ", // the reset may overtake the head
		},
		{
			"no record", func(raw *net.TCPConn, _ *tls.Conn) {
				_, _ = raw.Write([]byte("\x17\x03\x03\x00\x20" + strings.Repeat("x", 32)))
			},
			"SSL_read() failed (SSL: error:0A000119:SSL routines::decryption failed or bad record mac) while reading response header from upstream",
		},
		{
			"no record within the body", func(raw *net.TCPConn, server *tls.Conn) {
				_, _ = io.WriteString(server, head)
				_, _ = raw.Write([]byte("\x17\x03\x03\x00\x20" + strings.Repeat("x", 32)))
			},
			"SSL_read() failed (SSL: error:0A000119:SSL routines::decryption failed or bad record mac) while reading upstream",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBackend(t, nil)
			b.raw(func(r *bufio.Reader, conn net.Conn) {
				if c.end == nil {
					_, _ = r.Peek(1)
					_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
					return
				}
				server := tls.Server(buffered{conn, r}, &tls.Config{Certificates: []tls.Certificate{cert}})
				if _, err := readRequest(bufio.NewReader(server)); err == nil {
					c.end(conn.(*net.TCPConn), server)
				}
			})
			s := serve(t, b, "server { location / { proxy_pass https://BACKEND; } }")
			client := s.Dial()
			defer func() { _ = client.Close() }()
			if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			_, _ = io.ReadAll(client)
			if log := s.Log(); !strings.Contains(log, c.want) {
				t.Errorf("no %q in\n%s", c.want, log)
			}
		})
	}
}
