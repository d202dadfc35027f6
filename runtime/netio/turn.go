package netio

import "github.com/sluiceproxy/sluice/runtime/clock"

const (
	// turnTime is how long a goroutine reads or writes without waiting before it
	// yields, in nanoseconds. nginx bounds reads and writes per event instead.
	turnTime = int64(2e6)
	// turnCalls is how many calls pass between two looks at the clock. An
	// ordinary request ends before the first one.
	turnCalls = 8
)

// turn counts the reads or the writes of a Conn that follow each other without a
// wait. The scheduler asks the network only when no goroutine is ready to run,
// so a loop over a socket that is always ready has to yield by itself.
type turn struct {
	since int64 // clock.Mono at the first look of this turn; 0: none yet
	calls int
}

// spend counts one call and yields when the turn is over.
func (t *turn) spend() {
	if t.calls++; t.calls >= turnCalls {
		t.look()
	}
}

// look compares the turn with the clock.
func (t *turn) look() {
	t.calls = 0
	inUse()
	now := clock.Mono()
	switch {
	case t.since == 0:
		t.since = now
	case now-t.since >= turnTime:
		Yield()
		t.since = clock.Mono()
	}
}

// waited begins another turn: while this goroutine waited, others ran.
func (t *turn) waited() { t.calls, t.since = 0, 0 }

// Spend is called after work for c that took no read, such as a pipelined request,
// and yields when c's turn is over. It costs a look at the clock.
func (c *Conn) Spend() { c.rd.turn.look() }
