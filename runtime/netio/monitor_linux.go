package netio

import (
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The Go runtime's monitor thread interrupts goroutines that run for long, and
// asks the network when no other thread does. It sleeps when all processors are
// idle, until the next timer or the next system call that tells the scheduler.
// Those of package raw do not. So while the process is in use, a timer is always
// near: that costs less than telling the scheduler of every wake-up
// (docs/adr/0023).
const (
	// monitorTick is how long the monitor may sleep while the process is in use.
	monitorTick = 10 * time.Millisecond
	// monitorTicks is how many ticks without a wake-up end the use.
	monitorTicks = 20
)

// The states of usage.
const (
	unused int32 = iota // nothing ticks
	quiet               // nothing has happened since the last tick
	used
)

var usage atomic.Int32

// inUse is called when a socket has become ready. In most cases it costs one
// load.
func inUse() {
	if usage.Load() != used && usage.Swap(used) == unused {
		// The monitor has been asleep for long and looks at no new timer: any
		// call that tells the scheduler wakes it.
		_, _, _ = syscall.Syscall(unix.SYS_GETPID, 0, 0, 0)
		go keepNear()
	}
}

// keepNear keeps a timer near until nothing has happened for a while.
func keepNear() {
	for n := 0; ; n++ {
		time.Sleep(monitorTick)
		if usage.CompareAndSwap(used, quiet) {
			n = 0
		}
		if n >= monitorTicks && usage.CompareAndSwap(quiet, unused) {
			return
		}
	}
}
