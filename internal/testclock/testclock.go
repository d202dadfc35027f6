// Package testclock measures what things take, for tests on machines that others use.
package testclock

import (
	"syscall"
	"time"
)

// Stopwatch begins to measure what something takes, and returns how long it took so far: the processor's time of this
// process, or that of the clock if it is less. What other programs do on the machine does not count, nor, much, what other
// goroutines do.
func Stopwatch() (taken func() time.Duration) {
	used := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it does not fail
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	begun, before := time.Now(), used()
	return func() time.Duration { return min(time.Since(begun), used()-before) }
}
