package netio

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// One processor, and a goroutine that never waits: whose bytes have come goes on
// when it yields, though nobody has asked the network meanwhile.
func TestYieldAsksTheNetwork(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	client, server := pair(t)
	got := make(chan struct{})
	go func() {
		defer close(got)
		var one [1]byte
		_, _ = server.Read(one[:])
	}()
	Yield() // the other waits now
	send(t, client, "x")
	for n := 1; ; n++ {
		Yield()
		select {
		case <-got:
			return
		default:
		}
		if n == 100 {
			t.Fatal("yielded a hundred times in vain")
		}
	}
}

// Many that yield at once all go on.
func TestManyYield(t *testing.T) {
	const goroutines, times = 50, 20
	done := make(chan struct{})
	var left atomic.Int32
	left.Store(goroutines)
	for range goroutines {
		go func() {
			for range times {
				Yield()
			}
			if left.Add(-1) == 0 {
				close(done)
			}
		}()
	}
	within(t, done, "not all came back")
}

// A loop over a socket that is always ready yields, whatever it calls.
func TestTurns(t *testing.T) {
	client, server := pair(t)
	block := make([]byte, 64)
	for _, tc := range []struct {
		name string
		half *half
		call func()
	}{
		{"write", &client.wr, func() { send(t, client, string(block)) }},
		{"read", &server.rd, func() {
			if _, err := server.Read(block[:1]); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.half.turn.waited()
			for range turnCalls {
				tc.call()
			}
			begun := tc.half.turn.since
			if begun == 0 {
				t.Fatalf("no look at the clock after %d calls", turnCalls)
			}
			tc.half.turn.since = begun - turnTime
			for range turnCalls {
				tc.call()
			}
			if tc.half.turn.since < begun {
				t.Error("did not yield at the end of its turn")
			}
		})
	}
}

// While sockets become ready, a timer is near; afterwards none is.
func TestUsage(t *testing.T) {
	inUse()
	if usage.Load() == unused {
		t.Fatal("in use, and nothing ticks")
	}
	for end := time.Now().Add(patience); usage.Load() != unused; {
		if time.Now().After(end) {
			t.Fatal("ticks for ever")
		}
		runtime.Gosched()
		time.Sleep(monitorTick)
	}
}
