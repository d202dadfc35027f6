package integration

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// seedApp answers as the server of the framework does for whose manual the seed configuration was written: a request is
// read once, up to the first read that does not fill the buffer, so a head and a small body have to arrive together. The
// answer has no length, no Connection, and ends when the connection does. A few threads serve everyone.
type seedApp struct{ threads chan struct{} }

func newSeedApp() *seedApp { return &seedApp{threads: make(chan struct{}, 4)} }

func (a *seedApp) serve(c net.Conn) {
	a.threads <- struct{}{}
	defer func() { <-a.threads }()
	request := readOnce(c)
	head, body, _ := strings.Cut(request, "\r\n\r\n")
	target := ""
	if f := strings.Fields(head); len(f) > 1 {
		target = f[1]
	}
	path, _, _ := strings.Cut(target, "?")
	reply := "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8;\r\n\r\n"
	switch path {
	case "/redirect":
		reply = "HTTP/1.1 302 FOUND\r\nLocation: /elsewhere\r\n\r\n"
	case "/redirect-absolute":
		reply = "HTTP/1.1 302 FOUND\r\nLocation: https://other.example/elsewhere\r\n\r\n"
	case "/redirect-self":
		reply = fmt.Sprintf("HTTP/1.1 302 FOUND\r\nLocation: http://%s/elsewhere\r\n\r\n", c.LocalAddr())
	case "/missing":
		reply = "HTTP/1.1 404 NOT FOUND\r\nContent-Type: text/html; charset=UTF-8;\r\n\r\n<h1>lost</h1>"
	case "/no-status":
		reply = "\r\nContent-Type: text/html; charset=UTF-8;\r\n\r\nno status"
	case "/fails":
		return
	case "/big":
		reply += strings.Repeat("0123456789abcdef", 20000)
	case "/cookies":
		reply = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8;\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n\r\n"
	default:
		reply += "body: " + body + "\n" + hostOf(head) + "\n" + strings.Fields(head + " - -")[0] + " " + target + "\n"
	}
	_, _ = io.WriteString(c, reply) // a proxy that went away needs no answer
}

// readOnce reads until a read returns less than a full buffer.
func readOnce(c net.Conn) string {
	var request []byte
	var buf [4096]byte
	for {
		n, err := c.Read(buf[:])
		request = append(request, buf[:n]...)
		if err != nil || n < len(buf) {
			return string(request)
		}
	}
}

func hostOf(head string) string {
	for line := range strings.Lines(head) {
		if strings.HasPrefix(line, "Host: ") {
			return strings.TrimSpace(line)
		}
	}
	return "no Host"
}

func seedCase(t *testing.T) *harness.Case {
	t.Helper()
	c, err := harness.LoadCase("testdata/seed.txtar")
	if err != nil {
		t.Fatal(err)
	}
	app := newSeedApp()
	c.Apps[0] = app.serve
	return c
}

// TestSeed runs the configuration Sluice was first made for under both servers.
func TestSeed(t *testing.T) {
	known, err := harness.ReadDifferences("differences.md")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, seedCase(t), known)
}

// TestSeedUnderLoad sends more requests at a time than the application has threads: each is answered, and no body is lost
// on the way to an application that reads only once.
func TestSeedUnderLoad(t *testing.T) {
	const clients, requests = 16, 20
	c := seedCase(t)
	c.Name = "seed-load"
	srv, err := lab.Serve(t.Context(), c, lab.Tested)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for i := range clients {
		wait.Go(func() {
			for j := range requests {
				body := fmt.Sprintf("client=%d&request=%d", i, j)
				if err := postForm(t, srv, body); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	if err := srv.Stop(); err != nil {
		t.Error(err)
	}
}

// postForm sends a form over TLS and wants to see it in the answer.
func postForm(t *testing.T, srv *harness.Running, body string) error {
	ex, err := srv.Do(t.Context(), &harness.Request{
		Port: 1, TLS: &harness.TLSClient{}, Answers: 1,
		Parts: []harness.Part{{Text: "POST /form HTTP/1.1\nHost: mywebsite.example\nConnection: close\nContent-Length: %%LEN%%\n\n" + body}},
	})
	if err != nil {
		return err
	}
	if len(ex.Responses) != 1 || ex.Responses[0].Code != 200 || !strings.Contains(string(ex.Responses[0].Body), "body: "+body+"\n") {
		return fmt.Errorf("%s: ended %s with %+v", body, ex.End, ex.Responses)
	}
	return nil
}
