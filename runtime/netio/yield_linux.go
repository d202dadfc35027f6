package netio

import (
	"os"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// Yield lets everybody run who is ready, those whose sockets have become ready
// included. runtime.Gosched does not do that: a goroutine that calls it is ready
// itself, and the scheduler asks the network only when nobody is.
//
// Who yields waits for an event of the runtime's poller, which is reported
// together with what has happened on other sockets.
func Yield() {
	g := yielders()
	if g == nil {
		runtime.Gosched()
		return
	}
	g.pass()
}

// gate is where those wait that yield. Its goroutine waits for a bell (an
// eventfd) that the first of them rings, and then lets them all go on.
type gate struct {
	rc   syscall.RawConn
	bell int

	mu      sync.Mutex
	waiting []chan struct{} // they go on when the bell is heard
	free    []chan struct{} // of those who went on, for the next ones
	going   []chan struct{} // the goroutine's own: waiting, taken out
}

// yielders is the gate of the process, nil where it cannot be had.
var yielders = sync.OnceValue(newGate)

func newGate() *gate {
	bell, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil
	}
	rc, err := os.NewFile(uintptr(bell), "gate").SyscallConn()
	if err != nil {
		return nil
	}
	g := &gate{rc: rc, bell: bell}
	go g.run()
	return g
}

// run is the gate's goroutine, which lasts as long as the process.
func (g *gate) run() { _ = g.rc.Read(g.heard) }

// pass waits until the gate's goroutine has been reached.
func (g *gate) pass() {
	g.mu.Lock()
	var ch chan struct{}
	if n := len(g.free); n > 0 {
		ch, g.free = g.free[n-1], g.free[:n-1]
	} else {
		ch = make(chan struct{}, 1)
	}
	if g.waiting = append(g.waiting, ch); len(g.waiting) == 1 {
		_ = raw.Notify(g.bell) // a counter of 64 bits does not overflow
	}
	g.mu.Unlock()
	<-ch
	g.mu.Lock()
	g.free = append(g.free, ch)
	g.mu.Unlock()
}

// heard is the poller's callback: it is called once before the first wait and
// after each event, and goes on waiting.
func (g *gate) heard(uintptr) bool {
	g.mu.Lock()
	g.going, g.waiting = g.waiting, g.going[:0]
	g.mu.Unlock()
	for _, ch := range g.going {
		ch <- struct{}{}
	}
	return false
}
