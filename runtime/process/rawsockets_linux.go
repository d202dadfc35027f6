package process

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// keepRawSockets lets a process without privileges keep CAP_NET_RAW, as nginx's
// workers do for proxy_bind ... transparent.
func keepRawSockets(attr *syscall.SysProcAttr) { attr.AmbientCaps = []uintptr{unix.CAP_NET_RAW} }
