package netio

import (
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// Yield lets all goroutines run that are ready, those included whose sockets have
// become ready. runtime.Gosched does not: a goroutine that calls it stays ready
// itself, and the scheduler polls the network only when no goroutine is.
//
// Yield waits for an event of the runtime's poller that it causes itself, and that
// is reported together with the events of other sockets.
func Yield() {
	g := theGate()
	if g == nil {
		runtime.Gosched()
		return
	}
	g.pass()
}

// gate is where goroutines wait that yield. The first one makes wakeFD, an eventfd,
// readable. The gate's own goroutine waits for that in the runtime's poller, and then
// resumes all of them.
type gate struct {
	rc     syscall.RawConn
	wakeFD int

	mu      sync.Mutex
	waiting []chan struct{} // one for each goroutine that waits
	free    []chan struct{} // of goroutines that went on, for use by others
	going   []chan struct{} // the gate's goroutine's own: waiting, taken out
}

// theGate returns the gate of the process, nil where the system gives no eventfd, or the
// poller takes no more.
var theGate = sync.OnceValue(newGate)

func newGate() *gate {
	wakeFD, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil
	}
	file := os.NewFile(uintptr(wakeFD), "gate")
	rc, err := file.SyscallConn()
	if err != nil || file.SetReadDeadline(time.Time{}) != nil { // the poller has not taken it
		_ = file.Close()
		return nil
	}
	g := &gate{rc: rc, wakeFD: wakeFD}
	go g.run()
	return g
}

// run is the gate's goroutine, which lasts as long as the process.
func (g *gate) run() { _ = g.rc.Read(g.heard) }

// pass waits until the poller has woken the gate's goroutine.
func (g *gate) pass() {
	g.mu.Lock()
	var ch chan struct{}
	if n := len(g.free); n > 0 {
		ch, g.free = g.free[n-1], g.free[:n-1]
	} else {
		ch = make(chan struct{}, 1)
	}
	if g.waiting = append(g.waiting, ch); len(g.waiting) == 1 {
		_ = raw.Notify(g.wakeFD) // a counter of 64 bits does not overflow
	}
	g.mu.Unlock()
	<-ch
	g.mu.Lock()
	g.free = append(g.free, ch)
	g.mu.Unlock()
}

// heard is the callback of RawConn.Read: it is called once before the first wait and
// after each event. It returns false, so that the wait goes on.
func (g *gate) heard(uintptr) bool {
	g.mu.Lock()
	g.going, g.waiting = g.waiting, g.going[:0]
	g.mu.Unlock()
	for _, ch := range g.going {
		ch <- struct{}{}
	}
	return false
}
