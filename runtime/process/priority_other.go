//go:build unix && !linux

package process

import "syscall"

func setPriority(pid, n int) error { return syscall.Setpriority(syscall.PRIO_PROCESS, pid, n) }
