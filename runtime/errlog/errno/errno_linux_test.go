package errno

import (
	"syscall"
	"testing"
)

// The texts that log scanners match on, and those where Go's words differ from glibc's.
func TestTextIsGlibc(t *testing.T) {
	for e, want := range map[syscall.Errno]string{
		syscall.ECONNREFUSED: "Connection refused",
		syscall.ECONNRESET:   "Connection reset by peer",
		syscall.ETIMEDOUT:    "Connection timed out",
		syscall.ENOSPC:       "No space left on device",
		syscall.EMFILE:       "Too many open files",
		syscall.EIO:          "Input/output error",
		syscall.EILSEQ:       "Invalid or incomplete multibyte or wide character",
		syscall.EHOSTUNREACH: "No route to host",
		133:                  "Memory page has hardware error",
		41:                   "Unknown error",
		9999:                 "Unknown error",
	} {
		if got := Text(e); got != want {
			t.Errorf("%d: got %q, want %q", int(e), got, want)
		}
	}
}
