//go:build unix && !linux

package process

import "syscall"

func keepRawSockets(*syscall.SysProcAttr) {}
