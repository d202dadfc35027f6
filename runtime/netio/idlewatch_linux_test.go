package netio

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// watched says whether a poller of this process watches a descriptor.
func watched(t *testing.T, fd int) bool {
	t.Helper()
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range fds {
		if to, _ := os.Readlink(name); to != "anon_inode:[eventpoll]" {
			continue
		}
		info, err := os.ReadFile("/proc/self/fdinfo/" + filepath.Base(name))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(info)) {
			var n int
			if _, err := fmt.Sscanf(line, "tfd: %d", &n); err == nil && n == fd {
				return true
			}
		}
	}
	return false
}

// TestListenerIsWatchedFromTheFirstAccept: a master keeps sockets and is not woken by what arrives at them.
func TestListenerIsWatchedFromTheFirstAccept(t *testing.T) {
	l, err := Listen(&netaddr.ListenSpec{Addr: loopback(0)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if watched(t, l.Fd()) {
		t.Error("watched before anybody accepts")
	}
	l.Stop()
	if _, err := l.Accept(); err != ErrStopped {
		t.Errorf("stopped before the first Accept: %v", err)
	}
	if !watched(t, l.Fd()) {
		t.Error("not watched after Accept")
	}
}
