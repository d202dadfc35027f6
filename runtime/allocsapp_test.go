//go:build linux && !race

package runtime_test

import (
	"fmt"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// closingApp is an application that allocates nothing, not even for a connection: it answers the first request of each, which
// comes in one piece, and closes it.
func closingApp(t *testing.T, answer string) (addr string) {
	t.Helper()
	return rawApp(t, answer, false)
}

// keepingApp is closingApp, but goes on reading requests.
func keepingApp(t *testing.T, answer string) (addr string) {
	t.Helper()
	return rawApp(t, answer, true)
}

func rawApp(t *testing.T, answer string, keep bool) (addr string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 128); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(answer)
	var running sync.WaitGroup
	running.Go(func() {
		b := make([]byte, 8192)
		for {
			// The address is not asked for: it would be an allocation.
			c, _, errno := unix.Syscall6(unix.SYS_ACCEPT4, uintptr(fd), 0, 0, unix.SOCK_CLOEXEC, 0, 0)
			if errno == unix.EINTR {
				continue
			}
			if errno != 0 {
				return
			}
			for {
				if n, err := unix.Read(int(c), b); n <= 0 || err != nil {
					break
				}
				if _, err := unix.Write(int(c), text); err != nil || !keep {
					break
				}
			}
			_ = unix.Close(int(c))
		}
	})
	t.Cleanup(func() {
		_ = unix.Shutdown(fd, unix.SHUT_RD)
		running.Wait()
		_ = unix.Close(fd)
	})
	return fmt.Sprintf("127.0.0.1:%d", sa.(*unix.SockaddrInet4).Port)
}
