package netio

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// sendfile hands up to n bytes of the file src to the socket dst. It may wait
// for the disk, so the call enters the scheduler (unlike the calls of package raw).
func sendfile(dst, src int, off, n int64) (int64, syscall.Errno) {
	done, err := unix.Sendfile(dst, src, &off, int(n))
	if err == nil {
		return int64(done), 0
	}
	e, ok := err.(syscall.Errno) //nolint:errorlint // package unix returns bare numbers
	if !ok {
		e = syscall.EIO
	}
	if e == syscall.EINVAL || e == syscall.ENOSYS {
		return copyfile(dst, src, off, n) // a file system without splice support
	}
	return 0, e
}
