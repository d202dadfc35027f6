package netio

import "github.com/sluiceproxy/sluice/runtime/clock"

const (
	// sliceTime is how long a goroutine reads or writes without waiting before it
	// yields, in nanoseconds. nginx bounds reads and writes per event instead.
	sliceTime = int64(2e6)
	// sliceCalls is how many calls pass between two looks at the clock. An
	// ordinary request ends before the first one.
	sliceCalls = 8
)

// timeslice counts the reads or the writes of a Conn that follow each other without a
// wait. The scheduler asks the network only when no goroutine is ready to run,
// so a loop over a socket that is always ready has to yield by itself.
type timeslice struct {
	since int64 // clock.Mono at the first look of this time slice; 0: none yet
	calls int
}

// spend counts one call and yields when the time slice is over.
func (t *timeslice) spend() {
	if t.calls++; t.calls >= sliceCalls {
		t.look()
	}
}

// look compares the time slice with the clock.
func (t *timeslice) look() {
	t.calls = 0
	inUse()
	now := clock.Mono()
	switch {
	case t.since == 0:
		t.since = now
	case now-t.since >= sliceTime:
		Yield()
		t.since = clock.Mono()
	}
}

// waited begins another time slice: while this goroutine waited, others ran.
func (t *timeslice) waited() { t.calls, t.since = 0, 0 }

// Spend is called after work for c that took no read, such as a pipelined request,
// and yields when c's time slice is over. It costs a look at the clock.
func (c *Conn) Spend() { c.rd.slice.look() }
