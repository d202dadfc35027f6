package harness

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestAwaitTaken: a part has been taken when the other end has read all of it, not when it has arrived there.
func TestAwaitTaken(t *testing.T) {
	listen, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listen.Close()
	c, err := net.Dial("tcp4", listen.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	server, err := listen.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if !AwaitTaken(c) {
		t.Error("nothing was written, and that is not taken")
	}
	if _, err := io.WriteString(c, "some"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4)
	if _, err := io.ReadFull(server, b[:3]); err != nil {
		t.Fatal(err)
	}
	taken := make(chan bool)
	go func() { taken <- AwaitTaken(c) }()
	select {
	case <-taken:
		t.Error("one byte was not read, and all is taken")
	case <-time.After(200 * time.Millisecond):
		if _, err := io.ReadFull(server, b[:1]); err != nil {
			t.Fatal(err)
		}
		if !<-taken {
			t.Error("all was read, and that is not taken")
		}
	}
	if _, err := io.WriteString(c, "more"); err != nil {
		t.Fatal(err)
	}
	server.Close()
	if !AwaitTaken(c) {
		t.Error("the other end is gone, and what it left is waited for")
	}
}

// TestPauses: what comes after a pause, of an application or of a client, is never read together with what came before,
// though the server has to wait for its turn for longer than the pause.
func TestPauses(t *testing.T) {
	listen, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	app := newUpstream(listen, "", map[string]reply{"/": {text: "one%%PAUSE_1%%two%%END%%"}}, nil, strings.Clone)
	defer app.Close()
	c, err := net.Dial("tcp4", listen.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	wantLate(t, c, "one", "two")

	server, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	r, err := parseScript("slow", "one%%END%%\n@pause 1\ntwo%%END%%\n")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan error)
	go func() {
		_, err := Do(t.Context(), server.Addr().String(), &r, strings.Clone, "")
		over <- err
	}()
	in, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	wantLate(t, in, "one", "two")
	_ = in.Close()
	if err := <-over; err != nil {
		t.Error(err)
	}
}

// wantLate wants each text from one read, and is late for it.
func wantLate(t *testing.T, c net.Conn, texts ...string) {
	t.Helper()
	for _, want := range texts {
		time.Sleep(100 * time.Millisecond)
		b := make([]byte, 100)
		if n, err := c.Read(b); err != nil || string(b[:n]) != want {
			t.Errorf("read %q, %v, want %q", b[:n], err, want)
		}
	}
}
