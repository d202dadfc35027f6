//go:build !race

package netio

import (
	"os"
	"regexp"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// resident is the memory of this process in bytes, shared pages counted in
// proportion.
func resident(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^Pss: +(\d+) kB`).FindSubmatch(b)
	if m == nil {
		t.Fatalf("no Pss in %s", b)
	}
	return must(strconv.Atoi(string(m[1]))) << 10
}

//go:noinline
func deep(p []byte) byte {
	var frame [8 << 10]byte
	copy(frame[:], p)
	return frame[len(p)%len(frame)] + frame[0]
}

// runAtOnce lets so many goroutines run at a time and end. The Go runtime keeps what it
// has allocated for the descriptor of a goroutine, some 450 bytes, and uses it for the
// next one.
func runAtOnce(n int) {
	end := make(chan struct{})
	var begun, ended sync.WaitGroup
	begun.Add(n)
	for range n {
		ended.Go(func() {
			deep(nil)
			begun.Done()
			<-end
		})
	}
	begun.Wait()
	close(end)
	ended.Wait()
}

// An idle keep-alive connection that has served a request must cost less than
// 2.5 KB. The clients are bare descriptors, so they do not count; nor do the
// descriptors of the goroutines that have served the requests, which are there already
// when other tests have run before.
func TestMemoryOfParkedConnections(t *testing.T) {
	const conns, limit = 2000, 2560
	l := listen(t, netaddr.ListenSpec{Backlog: 4096})
	poller := newIdlePoller(t, IdlePollerOptions{TrimAfter: conns})
	trimmed := make(chan struct{})
	poller.trim.free = func() { debug.FreeOSMemory(); close(trimmed) }
	pool := buf.NewPool(1024)
	var served, parked sync.WaitGroup
	ended := func(c *Conn, _ Event) { c.Release(); parked.Done() }
	serve := func(c *Conn) {
		defer served.Done()
		b, n, err := c.ReadPooled(pool)
		if err != nil {
			t.Error(err)
			return
		}
		deep(b.B[:n])
		_, _ = c.Write(b.B[:n])
		b.Free()
		if err := c.WaitReadableFor(500 * time.Millisecond); err != ErrTimeout {
			t.Error(err)
		}
		if err := c.Park(poller, time.Minute, ended); err != nil {
			t.Error(err)
		}
	}
	served.Add(conns)
	parked.Add(conns)
	go func() {
		for range conns {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			go serve(c)
		}
	}()
	fds := make([]int, 0, conns)
	defer func() {
		for _, fd := range fds {
			_ = syscall.Close(fd)
		}
	}()
	runAtOnce(conns)
	debug.FreeOSMemory()
	before := resident(t)
	for range conns {
		fd, e := raw.Socket(l.Addr().Raw(), raw.Stream)
		if e != 0 {
			t.Fatal(e)
		}
		fds = append(fds, fd)
		if e := raw.Connect(fd, l.Addr().Raw()); e != 0 && e != syscall.EINPROGRESS {
			t.Fatal(e)
		}
		if _, e := raw.Write(fd, []byte("request"), false); e != 0 {
			t.Fatal(e)
		}
	}
	served.Wait()
	within(t, trimmed, "no memory was given back")
	each := (resident(t) - before) / conns
	t.Logf("%d bytes per parked connection", each)
	if each > limit {
		t.Errorf("%d bytes per parked connection, the limit is %d", each, limit)
	}
	poller.Drain()
	parked.Wait()
}
