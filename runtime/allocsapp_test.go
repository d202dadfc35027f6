//go:build linux && !race

package runtime_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/wire/h2"
	"github.com/sluiceproxy/sluice/runtime/wire/hpack"
)

// closingApp is an application that allocates nothing, not even for a connection: it answers the first request of each, which
// comes in one piece, and closes it.
func closingApp(t *testing.T, answer string) (addr string) {
	t.Helper()
	text := []byte(answer)
	return rawApp(t, false, func([]byte) []byte { return text })
}

// keepingApp is closingApp, but goes on reading requests.
func keepingApp(t *testing.T, answer string) (addr string) {
	t.Helper()
	text := []byte(answer)
	return rawApp(t, true, func([]byte) []byte { return text })
}

// h2App is keepingApp for HTTP/2: the text of its answer is that of a stream with trailers.
func h2App(t *testing.T, text string) (addr string) {
	t.Helper()
	settings := h2.AppendSettings(nil)
	fields := hpack.AppendIndexedName(hpack.AppendStatus(nil, 200), hpack.ContentType, []byte("application/grpc"))
	trailers := hpack.AppendField(nil, []byte("grpc-status"), []byte("0"))
	answer := make([]byte, 0, 1024)
	return rawApp(t, true, func(request []byte) []byte {
		answer = answer[:0]
		if rest, ok := bytes.CutPrefix(request, []byte(h2.Preface)); ok {
			request, answer = rest, append(answer, settings...)
		}
		for len(request) >= h2.HeaderSize {
			f, n := h2.ParseHead(request)
			if f.Type == h2.TypeHeaders {
				answer = h2.AppendHeader(answer, len(fields), h2.TypeHeaders, h2.EndHeaders, f.Stream)
				answer = append(answer, fields...)
				answer = h2.AppendHeader(answer, len(text), h2.TypeData, 0, f.Stream)
				answer = append(answer, text...)
				answer = h2.AppendHeader(answer, len(trailers), h2.TypeHeaders, h2.EndHeaders|h2.EndStream, f.Stream)
				answer = append(answer, trailers...)
			}
			request = request[min(len(request), h2.HeaderSize+n):]
		}
		return answer
	})
}

// rawApp answers what it reads at once with what answer makes of it, until that is nothing.
func rawApp(t *testing.T, keep bool, answer func(request []byte) []byte) (addr string) {
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
				n, err := unix.Read(int(c), b)
				if n <= 0 || err != nil {
					break
				}
				if text := answer(b[:n]); len(text) > 0 {
					if _, err := unix.Write(int(c), text); err != nil || !keep {
						break
					}
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
