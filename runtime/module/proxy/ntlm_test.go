package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// ntlmClient requests pages on one connection; each answer is what the backend says about its own connection.
func ntlmClient(t *testing.T, c net.Conn) func(fields ...string) string {
	t.Helper()
	t.Cleanup(func() { _ = c.Close() })
	r := textproto.NewReader(bufio.NewReader(c))
	return func(fields ...string) string {
		t.Helper()
		head := strings.Join(append([]string{"GET / HTTP/1.1", "Host: x"}, fields...), "\r\n")
		if _, err := io.WriteString(c, head+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := r.ReadLine(); err != nil {
			t.Fatal(err)
		}
		h, err := r.ReadMIMEHeader()
		if err != nil {
			t.Fatal(err)
		}
		n, _ := strconv.Atoi(h.Get("Content-Length"))
		body := make([]byte, n)
		if _, err := io.ReadFull(r.R, body); err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
}

// TestNTLM: once a client logs in, its requests go to one connection of one server, which no other client gets.
func TestNTLM(t *testing.T) {
	var conns atomic.Int32
	peer := func(name string) *backend {
		b := newBackend(t, keep(""))
		b.raw(func(r *bufio.Reader, c net.Conn) {
			n := conns.Add(1)
			for {
				req, err := readRequest(r)
				if err != nil {
					return
				}
				user := "nobody"
				if strings.Contains(req, "Authorization: NTLM") {
					user = "somebody"
				}
				text := fmt.Sprintf("%s %d %s", name, n, user)
				if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text); err != nil {
					return
				}
			}
		})
		return b
	}
	a, b := peer("a"), peer("b")
	s := httptest.New(t, "upstream u { server "+a.addr+"; server "+b.addr+`; keepalive 10; ntlm; }
		server { location / { proxy_pass http://u; } }`, modules()...)
	first, second := ntlmClient(t, s.Dial()), ntlmClient(t, s.Dial())
	if got := []string{first(), first(), first()}; strings.Join(got, ", ") != "a 1 nobody, b 2 nobody, a 1 nobody" {
		t.Errorf("before: %q", got)
	}
	if got := first("Authorization: NTLM x"); got != "b 3 somebody" {
		t.Errorf("log-in: %s", got)
	}
	for range 3 {
		if got := first(); got != "b 3 nobody" {
			t.Errorf("after: %s", got)
		}
		if got := second(); strings.Contains(got, " 3 ") {
			t.Errorf("another client has the connection: %s", got)
		}
	}
	if got := second("Authorization: Negotiate y"); strings.Contains(got, " 3 ") {
		t.Errorf("another client that logs in has the connection: %s", got)
	}
	if got := first("Authorization: NTLM z"); got != "b 3 somebody" {
		t.Errorf("once more: %s", got)
	}
}

// TestNTLMClientLeaves: the connection of a client that has logged in ends with the client's own, others stay.
func TestNTLMClientLeaves(t *testing.T) {
	ends := make(chan string, 10)
	b := newBackend(t, keep(""))
	b.raw(func(r *bufio.Reader, c net.Conn) {
		who := "nobody"
		for {
			req, err := readRequest(r)
			if err != nil {
				ends <- who
				return
			}
			if strings.Contains(req, "Authorization: NTLM") {
				who = "somebody"
			}
			if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"); err != nil {
				return
			}
		}
	})
	s := httptest.New(t, "upstream u { server "+b.addr+`; keepalive 10; ntlm; }
		server { location / { proxy_pass http://u; } }`, modules()...)
	c := s.Dial()
	client := ntlmClient(t, c)
	for _, fields := range []string{"X: y", "Authorization: NTLM x", "X: z"} {
		if got := client(fields); got != "ok" {
			t.Fatal(got)
		}
	}
	_ = c.Close()
	select {
	case who := <-ends:
		if who != "somebody" {
			t.Errorf("the connection of %s was closed", who)
		}
	case <-time.After(20 * time.Second): // keepalive_timeout is a minute
		t.Fatal("the connection of the client is kept")
	}
	if len(ends) != 0 {
		t.Errorf("that of %s, too", <-ends)
	}
}
