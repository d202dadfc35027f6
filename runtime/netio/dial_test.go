package netio

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

func TestDialErrors(t *testing.T) {
	gone := listen(t, netaddr.ListenSpec{})
	_ = gone.Close()
	for _, tc := range []struct {
		name string
		spec DialSpec
		want syscall.Errno
		// atOnce: connect() itself said so
		atOnce bool
	}{
		{"refused", DialSpec{Addr: *gone.Addr()}, syscall.ECONNREFUSED, false},
		{"no such socket", DialSpec{Addr: netaddr.UnixAddr(filepath.Join(t.TempDir(), "s"))}, syscall.ENOENT, true},
		{"path too long", DialSpec{Addr: netaddr.UnixAddr(string(make([]byte, 200)))}, syscall.ENAMETOOLONG, true},
		{"broadcast", DialSpec{Addr: must(netaddr.ParseAddr("255.255.255.255:9"))}, syscall.ENETUNREACH, true},
		{"foreign local address", DialSpec{
			Addr: *gone.Addr(), Bind: must(netaddr.ParseAddr("192.0.2.1:0")),
		}, syscall.EADDRNOTAVAIL, false},
		{"local address of another family", DialSpec{
			Addr: netaddr.UnixAddr(filepath.Join(t.TempDir(), "s")), Bind: must(netaddr.ParseAddr("127.0.0.1:0")),
		}, syscall.EINVAL, false},
		{"no address", DialSpec{}, syscall.EINVAL, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.spec.Timeout = patience
			c, err := Dial(&tc.spec)
			if err == nil {
				c.Release()
				t.Fatal("connected")
			}
			var e syscall.Errno
			if !errors.As(err, &e) || e != tc.want {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if at := new(ConnectError); errors.As(err, at) != tc.atOnce {
				t.Errorf("got %T, want it at once: %v", err, tc.atOnce)
			}
		})
	}
}

func TestDialFullUnixQueueFails(t *testing.T) {
	l := listen(t, netaddr.ListenSpec{Addr: netaddr.UnixAddr(filepath.Join(t.TempDir(), "s")), Backlog: 1})
	for range 10 {
		c, err := Dial(&DialSpec{Addr: *l.Addr()})
		if err != nil {
			if err != ConnectError(syscall.EAGAIN) {
				t.Errorf("got %v", err)
			}
			return
		}
		defer c.Release()
	}
	t.Error("the queue of one took 10 connections")
}

func TestDialTimesOut(t *testing.T) {
	// The kernel drops the handshakes that do not fit into the accept queue.
	l := listen(t, netaddr.ListenSpec{Backlog: 1})
	for range 10 {
		c, err := Dial(&DialSpec{Addr: *l.Addr(), Timeout: short})
		if err != nil {
			if err != ErrTimeout {
				t.Errorf("got %v", err)
			}
			return
		}
		defer c.Release()
	}
	t.Error("the queue of one took 10 connections")
}

func TestDialBindsAndSetsOptions(t *testing.T) {
	l := listen(t, netaddr.ListenSpec{})
	client, err := Dial(&DialSpec{
		Addr: *l.Addr(), Bind: must(netaddr.ParseAddr("127.0.0.9:0")), NoDelay: true,
		Keepalive: netaddr.Keepalive{On: true, Idle: time.Minute}, RcvBuf: 65536, SndBuf: 65536, Timeout: patience,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Release()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Release()
	if got := string(server.Peer().AppendHost(nil)); got != "127.0.0.9" {
		t.Errorf("the server sees %s", got)
	}
}
