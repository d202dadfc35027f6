package proxy_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/textproto"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines that outlive their exchange or their server. The
// gate of the process stays.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/sluiceproxy/sluice/runtime/netio.(*gate).run"))
}

// big is a body that no socket buffers swallow.
var big = bytes.Repeat([]byte("0123456789abcdef"), 1<<19)

// TestSlowClient: the server is done long before a client that does not read
// yet, and the client gets everything in the end.
func TestSlowClient(t *testing.T) {
	for _, c := range []struct{ name, conf, framing string }{
		{"length", "", "Content-Length: " + strconv.Itoa(len(big)) + "\r\n"},
		{"chunks", "", "Transfer-Encoding: chunked\r\n"},
		{"until the end", "", ""},
		{"small buffers", "proxy_buffers 4 1k; proxy_buffer_size 1k;", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			sent := make(chan error, 1)
			b := newBackend(t, func(_ string, conn net.Conn) bool {
				sent <- sendBig(conn, c.framing)
				return false
			})
			s := serve(t, b, "server { location / { "+c.conf+" proxy_pass http://BACKEND; } }")
			client := s.Dial()
			defer func() { _ = client.Close() }()
			if _, err := io.WriteString(client, "GET / HTTP/1.0\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if err := <-sent; err != nil {
				t.Fatal(err, s.Log())
			}
			if body := readBody(t, client); !bytes.Equal(body, big) {
				t.Errorf("%d bytes, want %d", len(body), len(big))
			}
			if log := s.Log(); !strings.Contains(log, "an upstream response is buffered to a temporary file") {
				t.Errorf("log %q", log)
			}
		})
	}
}

// TestNoTempFile: where there can be no temporary file the response ends early, and the log does not say that it was the client.
func TestNoTempFile(t *testing.T) {
	sent := make(chan error, 1)
	b := newBackend(t, func(_ string, conn net.Conn) bool {
		sent <- sendBig(conn, "")
		return false
	})
	dir := t.TempDir() + "/temp"
	s := serve(t, b, "proxy_temp_path "+dir+"; server { location / { proxy_pass http://BACKEND; } }")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	client := s.Dial()
	defer func() { _ = client.Close() }()
	if _, err := io.WriteString(client, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err == nil {
		t.Error("all of the response was taken")
	}
	if body, _ := io.ReadAll(client); len(body) >= len(big) || !bytes.Contains(body, big[:1000]) {
		t.Errorf("%d bytes", len(body))
	}
	if log := s.Log(); strings.Contains(log, "client") && strings.Contains(log, "prematurely closed") {
		t.Errorf("log %q", log)
	}
}

// sendBig sends a response, in chunks of an odd size where the framing asks.
func sendBig(conn net.Conn, framing string) error {
	if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+framing+"\r\n"); err != nil {
		return err
	}
	if !strings.Contains(framing, "chunked") {
		_, err := conn.Write(big)
		return err
	}
	w := bufio.NewWriter(conn)
	for rest := big; len(rest) > 0; {
		n := min(len(rest), 777)
		_, _ = w.WriteString(strconv.FormatInt(int64(n), 16) + "\r\n")
		_, _ = w.Write(rest[:n])
		_, _ = w.WriteString("\r\n")
		rest = rest[n:]
	}
	_, _ = w.WriteString("0\r\n\r\n")
	return w.Flush()
}

// readBody reads a response that ends with its connection.
func readBody(t *testing.T, c net.Conn) []byte {
	t.Helper()
	r := bufio.NewReader(c)
	tp := textproto.NewReader(r)
	if _, err := tp.ReadLine(); err != nil {
		t.Fatal(err)
	}
	if _, err := tp.ReadMIMEHeader(); err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestCatchUp: once a client that was slow has taken all there was, nothing is read ahead for it any more; and again, after
// the next time that it was slow, with one temporary file for all of a response.
func TestCatchUp(t *testing.T) {
	next, sent := make(chan bool), make(chan error, 1)
	finish := sync.OnceFunc(func() { close(next) })
	defer finish()
	b := newBackend(t, func(_ string, conn net.Conn) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		for range next {
			_, err := conn.Write(big)
			sent <- err
		}
		return false
	})
	s := serve(t, b, "server { location / { proxy_pass http://BACKEND; } }")
	client := s.Dial()
	defer func() { _ = client.Close() }()
	if _, err := io.WriteString(client, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(client)
	var got []byte
	for round := range 3 {
		next <- true
		if err := <-sent; err != nil {
			t.Fatal(err, s.Log())
		}
		if round == 0 {
			tp := textproto.NewReader(r)
			if _, err := tp.ReadLine(); err != nil {
				t.Fatal(err)
			}
			if _, err := tp.ReadMIMEHeader(); err != nil {
				t.Fatal(err)
			}
		}
		// The last part, if it is shorter than one of proxy_buffers, waits for more.
		part := make([]byte, (round+1)*len(big)-4096-len(got))
		if _, err := io.ReadFull(r, part); err != nil {
			t.Fatalf("round %d: %v: %s", round, err, s.Log())
		}
		got = append(got, part...)
		for readsAhead() {
			time.Sleep(time.Millisecond)
		}
	}
	finish()
	rest, err := io.ReadAll(r)
	if got = append(got, rest...); err != nil || !bytes.Equal(got, bytes.Repeat(big, 3)) {
		t.Errorf("%d bytes, or others; %v", len(got), err)
	}
	if n := strings.Count(s.Log(), "buffered to a temporary file"); n != 1 {
		t.Errorf("%d warnings: %s", n, s.Log())
	}
}

// readsAhead reports whether a response is being read ahead.
func readsAhead() bool {
	stacks := make([]byte, 1<<20)
	return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("pass.(*ahead).run"))
}

// TestNoTemporaryFile: without one, the server has to wait for the client.
func TestNoTemporaryFile(t *testing.T) {
	b := newBackend(t, func(_ string, conn net.Conn) bool { return sendBig(conn, "") != nil })
	s := serve(t, b, "server { location / { proxy_max_temp_file_size 0; proxy_pass http://BACKEND; } }")
	client := s.Dial()
	defer func() { _ = client.Close() }()
	if _, err := io.WriteString(client, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if body := readBody(t, client); !bytes.Equal(body, big) {
		t.Errorf("%d bytes, want %d", len(body), len(big))
	}
	if log := s.Log(); strings.Contains(log, "temporary file") {
		t.Errorf("log %q", log)
	}
}

// TestClientLeaves: a client that goes away in the middle ends the exchange.
func TestClientLeaves(t *testing.T) {
	ended := make(chan error, 1)
	b := newBackend(t, func(_ string, conn net.Conn) bool {
		var err error
		if _, err = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"); err == nil {
			for err == nil { // until the connection breaks
				_, err = conn.Write(big)
			}
		}
		ended <- err
		return false
	})
	s := serve(t, b, "server { location / { proxy_max_temp_file_size 8k; proxy_pass http://BACKEND; } }")
	client := s.Dial()
	if _, err := io.WriteString(client, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(client, make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	_ = client.Close()
	if err := <-ended; err == nil {
		t.Error("the server's connection lives on")
	}
}

// TestAbandoned: a client that leaves while nothing comes from the server is
// noticed.
func TestAbandoned(t *testing.T) {
	asked, ended := make(chan bool, 1), make(chan error, 1)
	b := newBackend(t, func(_ string, conn net.Conn) bool {
		asked <- true
		_, err := conn.Read(make([]byte, 1))
		ended <- err
		return false
	})
	s := serve(t, b, "server { location / { proxy_pass http://BACKEND; } }")
	client := s.Dial()
	if _, err := io.WriteString(client, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-asked
	_ = client.Close()
	if err := <-ended; err == nil {
		t.Error("the server's connection lives on")
	}
}

// TestUpgrade: after 101 bytes flow both ways, those that came early included,
// until one side ends.
func TestUpgrade(t *testing.T) {
	b := newBackend(t, func(_ string, conn net.Conn) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nhello ")
		_, _ = io.Copy(conn, conn)
		return false
	})
	s := serve(t, b, `server { location / {
		proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_pass http://BACKEND;
	} }`)
	client := s.Dial()
	defer func() { _ = client.Close() }()
	if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nearly "); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(client)
	tp := textproto.NewReader(r)
	if line, err := tp.ReadLine(); err != nil || line != "HTTP/1.1 101 Switching Protocols" {
		t.Fatalf("%q, %v", line, err)
	}
	if h, err := tp.ReadMIMEHeader(); err != nil || h.Get("Upgrade") != "echo" || h.Get("Connection") != "upgrade" {
		t.Fatalf("%v, %v", h, err)
	}
	for _, word := range []string{"early ", "one ", "two "} {
		if word != "early " {
			if _, err := io.WriteString(client, word); err != nil {
				t.Fatal(err)
			}
		} else {
			word = "hello " + word
		}
		got := make([]byte, len(word))
		if _, err := io.ReadFull(r, got); err != nil || string(got) != word {
			t.Fatalf("%q, %v; want %q", got, err, word)
		}
	}
}

// TestUpgradeLastBytes: what a client sends before it leaves reaches the server,
// also where nothing has waited for the client before (it sent the request with
// its PROXY header), so that its end is watched for alone.
func TestUpgradeLastBytes(t *testing.T) {
	dir, err := os.MkdirTemp("", "up") //nolint:usetesting // unix sockets want a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	got := make(chan int64, 1)
	left := make(chan struct{})
	b := newBackend(t, func(_ string, conn net.Conn) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: sink\r\nConnection: upgrade\r\n\r\n")
		<-left
		n, _ := io.Copy(io.Discard, conn)
		got <- n
		return false
	})
	serve(t, b, `server  { listen unix:`+dir+`/s proxy_protocol; location / {
		proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_pass http://BACKEND;
	} }`)
	client, err := net.Dial("unix", dir+"/s")
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(client, "PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nHost: a\r\nUpgrade: sink\r\nConnection: Upgrade\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(client).ReadString('\n'); err != nil || line != "HTTP/1.1 101 Switching Protocols\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	// As much as fits everywhere, so that some of it is unread when the client leaves.
	_ = client.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	sent, _ := io.Copy(client, zeros{})
	_ = client.Close()
	time.Sleep(50 * time.Millisecond) // in which the end may be noticed
	close(left)
	if n := <-got; n != sent {
		t.Errorf("%d bytes arrived of %d", n, sent)
	}
}

// TestUpgradeBehindDiscardedBody: the body of a request that was refused is read
// and dropped while an error page is asked for. Once that page has upgraded the
// connection, what comes is the server's.
func TestUpgradeBehindDiscardedBody(t *testing.T) {
	b := newBackend(t, func(_ string, conn net.Conn) bool {
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n")
		_, _ = io.Copy(conn, conn)
		return false
	})
	s := serve(t, b, `server { client_max_body_size 10; error_page 413 = @app; location @app {
		proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_pass http://BACKEND;
	} }`)
	client := s.Dial()
	defer func() { _ = client.Close() }()
	head := "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nConnection: Upgrade\r\nContent-Length: 100\r\n\r\n"
	if _, err := io.WriteString(client, head); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(client)
	if line, err := r.ReadString('\n'); err != nil || line != "HTTP/1.1 101 Switching Protocols\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := textproto.NewReader(r).ReadMIMEHeader(); err != nil {
		t.Fatal(err)
	}
	_ = client.SetDeadline(time.Now().Add(time.Minute))
	for _, word := range []string{"one ", "two ", "three"} {
		if _, err := io.WriteString(client, word); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(word))
		if _, err := io.ReadFull(r, got); err != nil || string(got) != word {
			t.Fatalf("%q, %v; want %q", got, err, word)
		}
	}
}

// TestAnswerBesideDiscardedBody: the body of a refused request is dropped while its
// error page comes from a server. What the one does is nothing to the other, as the
// race detector finds.
func TestAnswerBesideDiscardedBody(t *testing.T) {
	b := newBackend(t, keep(ok))
	s := serve(t, b, `server { client_max_body_size 10; error_page 413 = @app; location @app { proxy_pass http://BACKEND; } }`)
	head := "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n"
	for range 50 {
		client := s.Dial()
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			_, _ = io.WriteString(client, head)
			for range 100 {
				_, _ = client.Write(make([]byte, 1000))
			}
		}()
		if body := readBody(t, client); string(body) != "ok" {
			t.Errorf("%q", body)
		}
		<-sent
		_ = client.Close()
	}
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestLargeHeaderBuffer: a response that fills a *_buffer_size larger than what is
// read of a body at once arrives whole.
func TestLargeHeaderBuffer(t *testing.T) {
	body := make([]byte, 300<<10)
	for i := range body {
		body[i] = byte(i ^ i>>8 ^ i>>16)
	}
	for _, framing := range []string{"Content-Length: " + strconv.Itoa(len(body)) + "\r\n", ""} {
		for _, size := range []string{"4k", "32k", "64k", "128k", "256k"} {
			b := newBackend(t, func(_ string, conn net.Conn) bool {
				_, _ = conn.Write(append([]byte("HTTP/1.1 200 OK\r\n"+framing+"\r\n"), body...))
				return false
			})
			s := serve(t, b, "server { location / { proxy_pass http://BACKEND; proxy_buffers 8 256k; proxy_buffer_size "+size+"; } }")
			client := s.Dial()
			if _, err := io.WriteString(client, "GET / HTTP/1.0\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if got := readBody(t, client); !bytes.Equal(got, body) {
				t.Errorf("%s, %q: %d bytes of %d, or others", size, framing, len(got), len(body))
			}
			_ = client.Close()
		}
	}
}

// TestUnbufferedBody: a body is passed while it comes, in pieces or in chunks,
// and stops when the server has answered.
func TestUnbufferedBody(t *testing.T) {
	for _, c := range []struct{ name, head, first, second, want string }{
		{"length", "Content-Length: 6", "abc", "def", "abcdef"},
		{"chunks", "Transfer-Encoding: chunked", "3\r\nabc\r\n", "3\r\ndef\r\n0\r\n\r\n", "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			half := make(chan bool)
			b := newBackend(t, nil)
			got := make([]byte, len(c.want))
			b.raw(func(r *bufio.Reader, conn net.Conn) {
				if _, err := textproto.NewReader(r).ReadLine(); err != nil {
					t.Error(err)
				}
				if _, err := textproto.NewReader(r).ReadMIMEHeader(); err != nil {
					t.Error(err)
				}
				n := len(c.want) / 2
				_, _ = io.ReadFull(r, got[:min(n, 3)])
				close(half)
				_, _ = io.ReadFull(r, got[min(n, 3):])
				_, _ = io.WriteString(conn, ok)
			})
			s := serve(t, b, "server { location / { proxy_request_buffering off; proxy_pass http://BACKEND; } }")
			client := s.Dial()
			defer func() { _ = client.Close() }()
			if _, err := io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"+c.head+"\r\n\r\n"+c.first); err != nil {
				t.Fatal(err)
			}
			<-half
			if _, err := io.WriteString(client, c.second); err != nil {
				t.Fatal(err)
			}
			if body := readBody(t, client); string(body) != "ok" || string(got) != c.want {
				t.Errorf("%q, sent %q, want %q", body, got, c.want)
			}
		})
	}
}
