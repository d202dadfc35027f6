package netio

import (
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
)

// One processor, and a goroutine that never waits: another, whose bytes have come,
// goes on when the first one yields, though the network was not polled meanwhile.
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
func TestTimeSlices(t *testing.T) {
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
			tc.half.slice.waited()
			for range sliceCalls {
				tc.call()
			}
			begun := tc.half.slice.since
			if begun == 0 {
				t.Fatalf("no look at the clock after %d calls", sliceCalls)
			}
			tc.half.slice.since = begun - sliceTime
			for range sliceCalls {
				tc.call()
			}
			if tc.half.slice.since < begun {
				t.Error("did not yield at the end of its time slice")
			}
		})
	}
}

// One processor, and a resumed connection that computes without an end: it is
// interrupted, and the network asked, though the process was idle before and has
// made no system call that tells the scheduler.
func TestComputingIsInterrupted(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	pl := newIdlePoller(t, IdlePollerOptions{})
	busyPeer, busy := pair(t)
	otherPeer, other := pair(t)
	var served atomic.Bool
	go func() {
		var one [1]byte
		_, _ = other.Read(one[:])
		served.Store(true)
	}()
	interrupted := make(chan bool, 1)
	resumed := func(*Conn, Event) {
		_, _ = otherPeer.Write([]byte("x"))
		for begun := clock.Mono(); !served.Load() && clock.Mono()-begun < int64(3*time.Second); {
		}
		interrupted <- served.Load()
	}
	if err := busy.Park(pl, time.Minute, resumed); err != nil {
		t.Fatal(err)
	}
	// Another process sends, when this one has been idle for a while: a timer of
	// its own would wake the monitor thread.
	if err := busyPeer.Share(); err != nil {
		t.Fatal(err)
	}
	f, err := busyPeer.file.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var dup int
	if err := f.Control(func(fd uintptr) { dup, err = syscall.Dup(int(fd)) }); err != nil || dup < 0 {
		t.Fatal(err)
	}
	sender := exec.CommandContext(t.Context(), "sh", "-c", "sleep 0.5; printf x >&3")
	sender.ExtraFiles = []*os.File{os.NewFile(uintptr(dup), "peer")}
	if err := sender.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sender.Wait() }()
	if !<-interrupted {
		t.Error("nothing else ran while a connection computed")
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
