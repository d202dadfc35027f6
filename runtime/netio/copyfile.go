package netio

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// copyfile is one step of Sendfile done by hand.
func copyfile(dst, src int, off, n int64) (int64, syscall.Errno) {
	b := buf.Sized(int(min(n, 64<<10)))
	defer b.Free()
	got, err := unix.Pread(src, b.B[:min(n, int64(len(b.B)))], off)
	if e, ok := err.(syscall.Errno); ok { //nolint:errorlint // package unix returns bare numbers
		return 0, e
	}
	if got <= 0 {
		return 0, 0
	}
	done, e := raw.Write(dst, b.B[:got], false)
	return int64(done), e
}
