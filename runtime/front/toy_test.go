package front_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/internal/testcert"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// upper is a protocol that answers each line in upper case.
type upper struct {
	opening front.Opening
	tls     front.TLS
	serve   func(c *front.Conn) // in place of Serve, if not nil
}

func (u *upper) Opening() *front.Opening                           { return &u.opening }
func (u *upper) ChooseTLS(*front.Conn, string) (*front.TLS, error) { return &u.tls, nil }

func (u *upper) Server(*front.Conn) func(*front.Conn) { return u.shout }

func (u *upper) shout(c *front.Conn) {
	if u.serve != nil {
		u.serve(c)
		return
	}
	defer c.Close()
	in := bufio.NewReader(io.MultiReader(received(c), c.Stream()))
	for line, err := in.ReadBytes('\n'); err == nil && !c.Quitting(); line, err = in.ReadBytes('\n') {
		if c.Client.Proxy != nil {
			line = append(c.Client.Proxy.Source, append([]byte(" says "), line...)...)
		}
		_, _ = c.Stream().Write(bytes.ToUpper(line)) // the next read finds the end
	}
}

// received returns what came behind the PROXY header.
func received(c *front.Conn) io.Reader {
	b, from, to := c.TakeInput()
	if b == nil {
		return strings.NewReader("")
	}
	defer b.Free()
	return strings.NewReader(string(b.B[from:to]))
}

// config is a configuration of one address.
type config struct {
	upper
	address netaddr.Addr
}

func (c *config) Sockets() []netaddr.ListenSpec { return []netaddr.ListenSpec{{Addr: c.address}} }

func (c *config) Endpoint(string, front.Socket) front.Endpoint { return &c.upper }

func (*config) Begin()     {}
func (*config) Hold() bool { return true }
func (*config) Release()   {}
func (*config) Retire()    {}
func (*config) Close()     {}

// toy serves upper at a unix socket, whose path is the address.
func toy(t *testing.T, opening front.Opening, limit int) (in *front.Instance, address string, stats *front.Stats) {
	t.Helper()
	return toyWith(t, nil, opening, limit)
}

// toyWith is toy with another protocol, if serve is not nil.
func toyWith(t *testing.T, serve func(*front.Conn), opening front.Opening, limit int) (in *front.Instance, address string, stats *front.Stats) {
	t.Helper()
	stats = &front.Stats{}
	in, err := front.NewInstance(stats)
	if err != nil {
		t.Fatal(err)
	}
	opening.Timeout, opening.SendTimeout, opening.Log = 10*time.Second, 10*time.Second, errlog.New(errlog.Config{})
	in.SetLog(opening.Log)
	in.SetConnectionLimit(limit)
	address = filepath.Join(t.TempDir(), "s")
	cfg := &config{address: netaddr.UnixAddr(address)}
	cfg.opening, cfg.serve = opening, serve
	if opening.TLS != nil {
		cfg.tls = front.TLS{Config: &tls.Config{Certificates: []tls.Certificate{testcert.New(t, "toy.test")}}, RecordSize: 1 << 10}
	}
	opened, err := in.Open(cfg, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	in.Use(cfg, opened)
	return in, address, stats
}

// say sends a line and wants an answer.
func say(t *testing.T, c net.Conn, line, want string) {
	t.Helper()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, len(want)+1)
	if _, err := io.ReadFull(c, answer); err != nil || string(answer) != want+"\n" {
		t.Fatalf("%q, %v; want %q", answer, err, want)
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestToy: a protocol that knows nothing of it is spoken behind a PROXY header and in TLS.
func TestToy(t *testing.T) {
	t.Run("plain", func(t *testing.T) {
		in, address, _ := toy(t, front.Opening{}, 0)
		t.Cleanup(in.Quit)
		c := dial(t, address)
		say(t, c, "hello", "HELLO")
		say(t, c, "again", "AGAIN")
		_ = c.Close()
	})
	t.Run("PROXY and TLS", func(t *testing.T) {
		in, address, _ := toy(t, front.Opening{ProxyProtocol: true, TLS: front.HandshakeConfig(nil)}, 0)
		t.Cleanup(in.Quit)
		c := dial(t, address)
		if _, err := io.WriteString(c, "PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n"); err != nil {
			t.Fatal(err)
		}
		secure := tls.Client(c, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the certificate is the test's
		say(t, secure, "hello", "192.0.2.7 SAYS HELLO")
		_ = c.Close()
	})
	t.Run("PROXY with the first line", func(t *testing.T) {
		in, address, _ := toy(t, front.Opening{ProxyProtocol: true}, 0)
		t.Cleanup(in.Quit)
		c := dial(t, address)
		say(t, c, "PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\nhello", "192.0.2.7 SAYS HELLO")
		_ = c.Close()
	})
}

// TestToyLimit: a connection beyond worker_connections is closed at once, and one that leaves makes room.
func TestToyLimit(t *testing.T) {
	in, address, stats := toy(t, front.Opening{}, 2)
	t.Cleanup(in.Quit)
	first, second := dial(t, address), dial(t, address)
	say(t, first, "one", "ONE")
	say(t, second, "two", "TWO")
	third := dial(t, address)
	_ = third.SetDeadline(time.Now().Add(30 * time.Second))
	if n, err := third.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("a third connection: %d bytes, %v", n, err)
	}
	_ = first.Close()
	for stats.Connections() > 1 {
		time.Sleep(time.Millisecond)
	}
	say(t, dial(t, address), "three", "THREE")
	_ = second.Close()
	if got := stats.Accepted.Load() - stats.Handled.Load(); got != 1 {
		t.Errorf("%d connections were refused", got)
	}
}

// TestToyQuit: a server that quits takes no connections any more, ends a handshake that has not begun after QuitGrace, and
// waits for the connections that are served.
func TestToyQuit(t *testing.T) {
	in, address, stats := toy(t, front.Opening{TLS: front.HandshakeConfig(nil)}, 0)
	silent := dial(t, address)
	c := tls.Client(dial(t, address), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the certificate is the test's
	say(t, c, "hello", "HELLO")
	for stats.Connections() < 2 {
		time.Sleep(time.Millisecond)
	}
	ended := make(chan bool)
	go func() {
		in.Quit()
		close(ended)
	}()
	_ = silent.SetDeadline(time.Now().Add(30 * time.Second))
	began := time.Now()
	if n, err := silent.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("a silent connection: %d bytes, %v", n, err)
	}
	if took := time.Since(began); took < front.QuitGrace/2 {
		t.Errorf("a silent connection was closed after %v", took)
	}
	if other, err := net.Dial("unix", address); err == nil {
		_ = other.Close()
		t.Error("a server that quits has accepted a connection")
	}
	select {
	case <-ended:
		t.Error("Quit did not wait")
	default:
	}
	_ = c.Close()
	<-ended
	if n := stats.Connections(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
}
