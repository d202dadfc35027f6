package netio

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

var _ net.Conn = (*Conn)(nil)

func TestEcho(t *testing.T) {
	unixPath := filepath.Join(t.TempDir(), "s")
	for _, tc := range []struct {
		name string
		addr netaddr.Addr
	}{
		{"tcp", loopback(0)},
		{"tcp6", must(netaddr.ParseAddr("[::1]:0"))},
		{"unix", netaddr.UnixAddr(unixPath)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, server := pairOn(t, listen(t, netaddr.ListenSpec{Addr: tc.addr}))
			p := buf.NewPool(64)
			for _, msg := range []string{"one", "two and three"} {
				send(t, client, msg)
				b, n, err := server.ReadPooled(p)
				if err != nil || string(b.B[:n]) != msg {
					t.Fatalf("%v, %v", b, err)
				}
				if _, err := server.Writev(b.B[:1], nil, b.B[1:n]); err != nil {
					t.Fatal(err)
				}
				b.Free()
				recv(t, client, msg)
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestTryAndPeek(t *testing.T) {
	client, server := pair(t)
	b := make([]byte, 8)
	if _, err := server.TryRead(b); err != ErrAgain {
		t.Fatalf("TryRead on silence: %v", err)
	}
	if _, err := server.TryPeek(b); err != ErrAgain {
		t.Fatalf("TryPeek on silence: %v", err)
	}
	send(t, client, "abc")
	if n, err := server.Peek(b); err != nil || string(b[:n]) != "abc" {
		t.Fatalf("Peek: %q, %v", b[:n], err)
	}
	if err := server.WaitReadable(); err != nil {
		t.Fatal(err)
	}
	if n, err := server.TryRead(b); err != nil || string(b[:n]) != "abc" {
		t.Fatalf("TryRead: %q, %v", b[:n], err)
	}
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := server.WaitReadable(); err != nil {
		t.Fatalf("WaitReadable at the end of the stream: %v", err)
	}
	if _, err := server.TryPeek(b); err != io.EOF {
		t.Fatalf("TryPeek at the end of the stream: %v", err)
	}
}

func TestHalfClose(t *testing.T) {
	client, server := pair(t)
	send(t, client, "request")
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	recv(t, server, "request")
	p := buf.NewPool(64)
	if b, n, err := server.ReadPooled(p); err != io.EOF || b != nil || n != 0 {
		t.Fatalf("%v, %d, %v", b, n, err)
	}
	send(t, server, "answer")
	recv(t, client, "answer")
}

func TestAbortResets(t *testing.T) {
	client, server := pair(t)
	if err := server.Abort(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("read after a reset: %v", err)
	}
	if err := server.Close(); err != ErrClosed {
		t.Fatalf("second Close: %v", err)
	}
}

func TestCloseUnblocks(t *testing.T) {
	for _, tc := range []struct {
		name string
		wait func(c *Conn) error
	}{
		{"read", func(c *Conn) error { _, err := c.Read(make([]byte, 1)); return err }},
		{"write", func(c *Conn) error { _, err := c.Write(make([]byte, 64<<20)); return err }},
		{"wait", (*Conn).WaitReadable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, server := pair(t)
			if err := server.Share(); err != nil {
				t.Fatal(err)
			}
			got := make(chan error)
			go func() { got <- tc.wait(server) }()
			if err := server.Close(); err != nil {
				t.Error(err)
			}
			if err := <-got; !errors.Is(err, net.ErrClosed) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestWriteLargerThanTheSocketTakes(t *testing.T) {
	for _, tc := range []struct {
		name string
		send func(c *Conn, p []byte) (int64, error)
	}{
		{"write", func(c *Conn, p []byte) (int64, error) { n, err := c.Write(p); return int64(n), err }},
		{"writev", func(c *Conn, p []byte) (int64, error) {
			var vec [][]byte
			for len(p) > 0 {
				n := min(len(p), 70_001)
				vec = append(vec, p[:n], nil)
				p = p[n:]
			}
			return c.Writev(vec...)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, server := unixPair(t) // small, without TCP's window probes
			if err := server.setInt(unix.SOL_SOCKET, unix.SO_SNDBUF, 4096); err != nil {
				t.Fatal(err)
			}
			data := make([]byte, 8<<20)
			for i := range data {
				data[i] = byte(i * 7 >> 3)
			}
			var wg sync.WaitGroup
			wg.Go(func() {
				n, err := tc.send(server, data)
				if err != nil || n != int64(len(data)) {
					t.Errorf("%d, %v", n, err)
				}
				_ = server.CloseWrite()
			})
			got, err := io.ReadAll(client)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes arrived, %v", len(got), err)
			}
			wg.Wait()
		})
	}
}

func TestSendfile(t *testing.T) {
	const size = 3 << 20
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i * 13 >> 4)
	}
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, tc := range []struct {
		name         string
		off, n, sent int64
		chunk        int64
		err          error
	}{
		{"all", 0, size, size, 0, nil},
		{"part in small steps", 12345, 1 << 20, 1 << 20, 1000, nil},
		{"nothing", 5, 0, 0, 0, nil},
		{"beyond the end", size - 10, 20, 10, 0, io.ErrUnexpectedEOF},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, server := pair(t)
			server.SetSendfileChunk(tc.chunk)
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := server.WriteMore([]byte("head:")); err != nil {
					t.Error(err)
				}
				n, err := server.Sendfile(int(f.Fd()), tc.off, tc.n)
				if n != tc.sent || !errors.Is(err, tc.err) {
					t.Errorf("%d, %v; want %d, %v", n, err, tc.sent, tc.err)
				}
				_ = server.CloseWrite()
			})
			got, err := io.ReadAll(client)
			wg.Wait()
			if want := append([]byte("head:"), data[tc.off:tc.off+tc.sent]...); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes arrived, want %d; %v", len(got), len(want), err)
			}
		})
	}
}

func TestCopyfileIsSendfileByHand(t *testing.T) {
	client, server := pair(t)
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if n, e := copyfile(server.Fd(), int(f.Fd()), 3, 4); n != 4 || e != 0 {
		t.Fatalf("%d, %v", n, e)
	}
	recv(t, client, "3456")
	if n, e := copyfile(server.Fd(), int(f.Fd()), 10, 4); n != 0 || e != 0 {
		t.Fatalf("at the end: %d, %v", n, e)
	}
}

func TestOptions(t *testing.T) {
	client, server := pair(t)
	for i := range 2 { // the second time is remembered
		if err := errors.Join(client.SetNoDelay(i == 0), client.SetCork(i == 0)); err != nil {
			t.Fatal(err)
		}
	}
	send(t, client, "12345")
	if err := server.WaitReadable(); err != nil {
		t.Fatal(err)
	}
	if n := server.InQueue(); n != 5 {
		t.Errorf("InQueue %d, want 5", n)
	}
	var info netaddr.TCPInfo
	if !client.TCPInfo(&info) || info.RTT == 0 || info.SndCwnd == 0 {
		t.Errorf("TCPInfo %+v", info)
	}
	if got := server.Peer().String(); got != client.LocalAddr().String() {
		t.Errorf("peer %s, the client is %s", got, client.LocalAddr())
	}
	if got := server.LocalAddr().String(); got != client.RemoteAddr().String() {
		t.Errorf("local %s, the client says %s", got, client.RemoteAddr())
	}
}

func TestReleasedConnStartsAfresh(t *testing.T) {
	l := listen(t, netaddr.ListenSpec{})
	client, server := pairOwned(t, l)
	server.User = t
	server.SetReadTimeout(time.Nanosecond)
	if _, err := server.Read(make([]byte, 1)); err != ErrTimeout {
		t.Fatal(err)
	}
	server.Release()
	client.Release()
	client, server = pairOn(t, l)
	if server.User != nil || client.User != nil {
		t.Error("User survived Release")
	}
	send(t, client, "x")
	recv(t, server, "x")
}
