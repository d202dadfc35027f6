package netio

import (
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The Go runtime's monitor thread interrupts goroutines that run for long, and
// polls the network when no other thread does. It sleeps when all processors are
// idle, until the next timer or the next system call that goes through the scheduler.
// Those of package raw do not. So while the process is in use, there is always a
// timer of at most monitorTick: that costs less than a call through the scheduler at
// every wakeup (docs/adr/0023).
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
		// The monitor has been asleep for long and does not see new timers: any
		// system call through the scheduler wakes it.
		_, _, _ = syscall.Syscall(unix.SYS_GETPID, 0, 0, 0)
		go keepTicking()
	}
}

// keepTicking runs the timer of monitorTick until no socket has become ready for
// monitorTicks ticks.
func keepTicking() {
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
