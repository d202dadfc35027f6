package process

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// OldPIDSuffix is appended to the pid file's name while a new binary runs beside
// this one (USR2).
const OldPIDSuffix = ".oldbin"

// maxPID is how many bytes of a pid file are looked at, as in nginx.
const maxPID = 22

// WritePID creates or replaces the pid file. The error is an *errno.OpError.
func WritePID(path string) error { return writePID(path, os.O_TRUNC, os.Getpid()) }

// TestPID is what -t does: the pid file is opened, and created when missing, but a
// running server's number stays.
func TestPID(path string) error { return writePID(path, 0, 0) }

func writePID(path string, flag, pid int) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|flag, 0o644)
	if err != nil {
		return errno.Failed("open()", path, err)
	}
	if pid != 0 {
		if _, err := fmt.Fprintln(f, pid); err != nil {
			_ = f.Close()
			return errno.Failed("pwrite()", path, err)
		}
	}
	if err := f.Close(); err != nil {
		return errno.Failed("close()", path, err)
	}
	return nil
}

// RemovePID deletes the pid file. The error is an *errno.OpError.
func RemovePID(path string) error {
	if err := os.Remove(path); err != nil {
		return errno.Failed("unlink()", path, err)
	}
	return nil
}

// ReadPID reads the number of a running server: what -s signals. The error is an
// *errno.OpError, or `invalid PID number "..." in "..."`.
func ReadPID(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, errno.Failed("open()", path, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxPID))
	if err != nil {
		return 0, errno.Failed("pread()", path, err)
	}
	b = bytes.TrimRight(b, "\r\n")
	pid, err := strconv.ParseUint(string(b), 10, 31)
	if err != nil || pid == 0 {
		// Zero would signal the caller's own process group.
		return 0, fmt.Errorf("invalid PID number \"%s\" in \"%s\"", b, path)
	}
	return int(pid), nil
}
