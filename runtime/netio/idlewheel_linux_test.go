package netio

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/clock"
)

// standIn gives a connection without a descriptor a place in l.
func standIn(pl *IdlePoller) *Conn {
	c := new(Conn)
	c.parked.resume = func(*Conn, Event) {}
	c.parked.run = c.resume
	w := &c.parked.watch
	w.poller = pl
	pl.mu.Lock()
	w.slot, w.gen = pl.place(c)
	pl.mu.Unlock()
	return c
}

// repark is the part of Park that the idle poller's sweeps have to do with.
func repark(pl *IdlePoller, c *Conn, end int64) {
	w := &c.parked.watch
	w.end.Store(end)
	if w.begin(); end < w.due.Load() {
		pl.wantLook(c, w.slot, w.gen, end)
	}
}

// TestParkTimeouts: a parked connection is resumed when its timeout has passed and at
// most two fine buckets later, however long that is, also when it has been in use
// and has parked for a longer or a shorter time since. Time is played.
func TestParkTimeouts(t *testing.T) {
	pl := newIdlePoller(t, IdlePollerOptions{TrimAfter: -1})
	const late = 2 << fineShift
	start := clock.Mono() + int64(time.Hour) // the idle poller's own goroutine stays out of it
	now := start
	rnd := rand.New(rand.NewPCG(1, 2))
	within := func() int64 {
		most := []time.Duration{300 * time.Millisecond, 3 * time.Second, 75 * time.Second, 5 * time.Minute}
		return now + 1 + rnd.Int64N(int64(most[rnd.IntN(len(most))]))
	}
	var conns [1000]*Conn
	for i := range conns {
		conns[i] = standIn(pl)
		repark(pl, conns[i], within())
	}
	for expired := 0; pl.Len() > 0; {
		now = max(now, pl.next.Load())
		for pl.sweep(now) {
		}
		for c := pl.queue.pop(); c != nil; c = pl.queue.pop() {
			expired++
			if end := c.parked.end.Load(); c.parked.why != Expired || now < end || now > end+late {
				t.Fatalf("after %v: %v, %v after its time", time.Duration(now-start), c.parked.why, time.Duration(now-end))
			}
			if expired < 5000 {
				repark(pl, c, within())
			}
		}
		if c := conns[rnd.IntN(len(conns))]; expired < 5000 && c.parked.leave() { // has been used
			repark(pl, c, within())
		}
	}
	if at := pl.next.Load(); at != forever {
		t.Errorf("another look at %d, and nothing is parked", at)
	}
}

// TestSweepsInParts: the lock is not held for all connections whose timeout passes
// at the same time, nor for those that would have passed.
func TestSweepsInParts(t *testing.T) {
	pl := newIdlePoller(t, IdlePollerOptions{TrimAfter: -1})
	end := clock.Mono() + int64(time.Hour)
	for range 3*sweepBatch + 1 {
		repark(pl, standIn(pl), end)
	}
	for now := pl.next.Load(); now < end; now = pl.next.Load() { // to the coarse bucket, and on to the fine one
		for pl.sweep(now) {
		}
	}
	parts := 1
	for pl.sweep(pl.next.Load()) {
		parts++
	}
	if parts != 4 || pl.Len() != 0 {
		t.Errorf("%d parts, after which %d are parked", parts, pl.Len())
	}
}

// BenchmarkSweep is a second in the life of an idle poller in which all connections wait for
// 75 s, again and again: the processor time of its sweeps, and the longest that one
// holds the idle poller's lock, for which those have to wait that park for the first time
// and every batch of reports.
func BenchmarkSweep(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run("parked="+strconv.Itoa(n), func(b *testing.B) {
			runtime.LockOSThread() // whose time is measured
			defer runtime.UnlockOSThread()
			pl := newIdlePoller(b, IdlePollerOptions{TrimAfter: -1})
			now := clock.Mono() + int64(time.Hour) // the idle poller's own goroutine stays out of it
			for i := range n {
				repark(pl, standIn(pl), now+int64(75*time.Second)*int64(i)/int64(n))
			}
			var worst, sum int64
			sweep := func() (more bool) {
				from := threadTime(b)
				more = pl.sweep(now)
				spent := threadTime(b) - from
				sum += spent
				worst = max(worst, spent)
				return more
			}
			second := func() {
				for end := now + int64(time.Second); now < end; now = min(end, max(now, pl.next.Load())) {
					for sweep() {
					}
					for c := pl.queue.pop(); c != nil; c = pl.queue.pop() {
						repark(pl, c, now+int64(75*time.Second))
					}
				}
			}
			for range 75 { // until what has been parked at once is spread
				second()
			}
			worst, sum = 0, 0
			b.ResetTimer()
			for range b.N {
				second()
			}
			b.ReportMetric(float64(sum)/float64(b.N)/1000, "cpu-us/s")
			b.ReportMetric(float64(worst)/1000, "longest-us")
		})
	}
}

// threadTime is how long this thread has run.
func threadTime(b *testing.B) int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		b.Fatal(err)
	}
	return ts.Nano()
}

// BenchmarkPark is what resuming and parking again cost without the system calls around them.
func BenchmarkPark(b *testing.B) {
	_, server := pair(b)
	pl := newIdlePoller(b, IdlePollerOptions{})
	resume := func(*Conn, Event) {}
	if err := server.Park(pl, time.Minute, resume); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !server.Unpark() {
			b.Fatal("resumed")
		}
		if err := server.Park(pl, time.Minute, resume); err != nil {
			b.Fatal(err)
		}
	}
	server.Unpark()
}
