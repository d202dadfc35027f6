package process

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// LimitOpenFiles is worker_rlimit_nofile. With a pid other than 0 that process is only given the right to do so. The error
// is an *errno.OpError.
func LimitOpenFiles(pid int, n uint64) error {
	if err := setLimit(pid, syscall.RLIMIT_NOFILE, n); err != nil {
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

// LimitCore is worker_rlimit_core, in bytes; pid is as in LimitOpenFiles. The error is an *errno.OpError.
func LimitCore(pid int, n uint64) error {
	if err := setLimit(pid, syscall.RLIMIT_CORE, n); err != nil {
		return errno.Failed(fmt.Sprintf("setrlimit(RLIMIT_CORE, %d)", n), "", err)
	}
	return nil
}

// SetPriority is worker_priority, for all of the process pid, 0 for this one. The error is an
// *errno.OpError.
func SetPriority(pid, n int) error {
	if err := setPriority(pid, n); err != nil {
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
