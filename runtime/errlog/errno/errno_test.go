package errno

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"testing"
)

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"nil", nil, ""},
		{"plain", syscall.ENOENT, " (2: No such file or directory)"},
		{"eacces", syscall.EACCES, " (13: Permission denied)"},
		{"path error", &fs.PathError{Op: "open", Path: "/x", Err: syscall.EACCES}, " (13: Permission denied)"},
		{"op error", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EPERM)}, " (1: Operation not permitted)"},
		{"wrapped", fmt.Errorf("x: %w", syscall.EISDIR), " (21: Is a directory)"},
		{"no errno", io.ErrUnexpectedEOF, " (unexpected EOF)"},
		{"fs.ErrNotExist", fs.ErrNotExist, " (2: No such file or directory)"},
		{"fs.ErrPermission", fs.ErrPermission, " (13: Permission denied)"},
		{"closed", net.ErrClosed, " (9: Bad file descriptor)"},
	} {
		if got := string(Append(nil, c.err)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDeadlineIsTimedOut(t *testing.T) {
	if e, ok := Of(os.ErrDeadlineExceeded); !ok || e != syscall.ETIMEDOUT {
		t.Fatalf("got %v %v", e, ok)
	}
}

func TestOpError(t *testing.T) {
	err := Failed("open()", "/run/nginx.pid", syscall.EACCES)
	if got, want := err.Error(), `open() "/run/nginx.pid" failed (13: Permission denied)`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !errors.Is(err, syscall.EACCES) {
		t.Error("the errno is not reachable")
	}
	if got, want := Failed("setsid()", "", syscall.EPERM).Error(), "setsid() failed (1: Operation not permitted)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
