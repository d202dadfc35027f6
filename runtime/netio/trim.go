package netio

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// trimmer returns memory to the system once a burst of connections has become idle:
// the stacks and buffers that they used are free, but still resident.
type trimmer struct {
	after int64
	every int64 // nanoseconds

	parks   atomic.Int64 // since the last trim
	from    atomic.Int64 // Mono before which there is no next trim: a second after it became due
	running atomic.Bool
	last    int64 // Mono of the last trim; only the idle poller's goroutine
	free    func()
	wg      sync.WaitGroup
}

func (t *trimmer) init(o IdlePollerOptions) {
	t.after, t.every = int64(o.TrimAfter), int64(o.TrimEvery)
	if t.after == 0 {
		t.after = 200
	}
	if t.every == 0 {
		t.every = int64(5 * time.Second)
	}
	t.free = debug.FreeOSMemory
}

// counts notes a connection that parks for the first time after it was in use,
// and tells whether a trim is due by it. One that waits for its first request
// has left no memory behind.
func (t *trimmer) counts(c *Conn) bool {
	if c.parked.counted || !c.parked.used && !c.registered.Load() {
		return false
	}
	c.parked.counted = true
	return t.parks.Add(1) == t.after
}

// soon returns when memory is given back at the earliest, which is due since the
// time now: the connections that have just parked are yet to leave what they used.
func (t *trimmer) soon(now int64) int64 {
	at := now + int64(time.Second)
	t.from.Store(at)
	return at
}

// check runs at the idle poller's ticks. It returns when it wants to be asked again (0:
// not before the next count says so).
func (t *trimmer) check(now int64) int64 {
	if t.after < 0 || t.parks.Load() < t.after {
		return 0
	}
	if at := t.from.Load(); now < at {
		return at
	}
	if t.last != 0 && now < t.last+t.every {
		return t.last + t.every
	}
	if !t.running.CompareAndSwap(false, true) {
		return now + t.every
	}
	t.last = now
	t.parks.Store(0)
	t.wg.Add(1)
	go t.trim()
	return 0
}

// trim collects garbage and returns the freed memory to the system. It does not run
// on the idle poller's goroutine, which goes on resuming connections.
func (t *trimmer) trim() {
	defer t.wg.Done()
	t.free()
	t.running.Store(false)
}
