package process

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// LimitOpenFiles is worker_rlimit_nofile. The error is an *errno.OpError.
func LimitOpenFiles(n uint64) error {
	if err := setOpenFiles(n); err != nil {
		return errno.Failed(fmt.Sprintf("setrlimit(RLIMIT_NOFILE, %d)", n), "", err)
	}
	return nil
}

// OpenFiles is how many descriptors this process may have, and how many it could
// ask for. Go raises the one to the other when a program starts.
func OpenFiles() (cur, limit uint64, err error) {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return 0, 0, errno.Failed("getrlimit(RLIMIT_NOFILE)", "", err)
	}
	return uint64(r.Cur), uint64(r.Max), nil //nolint:unconvert // FreeBSD has signed ones
}

// LimitCore is worker_rlimit_core, in bytes. The error is an *errno.OpError.
func LimitCore(n uint64) error {
	if err := setCore(n); err != nil {
		return errno.Failed(fmt.Sprintf("setrlimit(RLIMIT_CORE, %d)", n), "", err)
	}
	return nil
}

// SetPriority is worker_priority, for the whole process. The error is an
// *errno.OpError.
func SetPriority(n int) error {
	if err := setPriority(n); err != nil {
		return errno.Failed(fmt.Sprintf("setpriority(%d)", n), "", err)
	}
	return nil
}

// System names the operating system and its release: "Linux 6.1.0".
func System() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}
