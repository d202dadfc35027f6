package netio

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// patience bounds waits that must not take long; it only matters to a test that
// fails.
const patience = 30 * time.Second

// TestMain: the gate of the process stays.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/sluiceproxy/sluice/runtime/netio.(*gate).run"))
}

func loopback(port uint16) netaddr.Addr {
	return netaddr.AddrFrom(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port))
}

// listen opens a listener of the test's own.
func listen(t testing.TB, spec netaddr.ListenSpec) *Listener {
	t.Helper()
	if !spec.Addr.IsValid() {
		spec.Addr = loopback(0)
	}
	l, err := Listen(&spec, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// pairOn connects a client to l.
func pairOn(t testing.TB, l *Listener) (client, server *Conn) {
	t.Helper()
	client, server = pairOwned(t, l)
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Close()
	})
	return client, server
}

// pairOwned is pairOn for tests that release both ends themselves.
func pairOwned(t testing.TB, l *Listener) (client, server *Conn) {
	t.Helper()
	client, err := Dial(&DialSpec{Addr: *l.Addr(), Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Conn{client, server} {
		c.SetReadTimeout(patience)
		c.SetWriteTimeout(patience)
	}
	return client, server
}

func pair(t testing.TB) (client, server *Conn) {
	t.Helper()
	return pairOn(t, listen(t, netaddr.ListenSpec{}))
}

func unixPair(t testing.TB) (client, server *Conn) {
	t.Helper()
	return pairOn(t, listen(t, netaddr.ListenSpec{Addr: netaddr.UnixAddr(filepath.Join(t.TempDir(), "s"))}))
}

func send(t testing.TB, c *Conn, s string) {
	t.Helper()
	if n, err := c.Write([]byte(s)); err != nil || n != len(s) {
		t.Fatalf("write: %d, %v", n, err)
	}
}

// recv waits for exactly the bytes of want.
func recv(t testing.TB, c *Conn, want string) {
	t.Helper()
	b := make([]byte, len(want))
	for got := 0; got < len(b); {
		n, err := c.Read(b[got:])
		if err != nil {
			t.Fatalf("read after %q: %v", b[:got], err)
		}
		got += n
	}
	if string(b) != want {
		t.Fatalf("read %q, want %q", b, want)
	}
}

// within fails the test unless done is closed in time.
func within(t testing.TB, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal(what)
	}
}
