//go:build unix && !linux

package process

import "syscall"

func setPriority(pid, n int) error { return syscall.Setpriority(syscall.PRIO_PROCESS, pid, n) }

// Priority is that of this process.
func Priority() int {
	n, _ := syscall.Getpriority(syscall.PRIO_PROCESS, 0) // cannot fail
	return n
}
