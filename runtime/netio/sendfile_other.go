//go:build unix && !linux

package netio

import "syscall"

// sendfile hands up to n bytes of the file src to the socket dst; here through
// a buffer.
func sendfile(dst, src int, off, n int64) (int64, syscall.Errno) {
	return copyfile(dst, src, off, n)
}
