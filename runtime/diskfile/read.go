package diskfile

import "syscall"

// ReadAt reads len(p) bytes from off on, fewer only at the end of the file or on an error.
func ReadAt(fd int, p []byte, off int64) (n int, err error) {
	for n < len(p) {
		m, err := syscall.Pread(fd, p[n:], off+int64(n))
		if err == syscall.EINTR {
			continue
		}
		if m <= 0 || err != nil {
			return n, err
		}
		n += m
	}
	return n, nil
}
