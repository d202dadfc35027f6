//go:build unix && !linux

package process

import "syscall"

func setPriority(n int) error { return syscall.Setpriority(syscall.PRIO_PROCESS, 0, n) }
