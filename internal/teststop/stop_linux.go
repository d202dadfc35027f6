// Package teststop stops processes for tests.
package teststop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds the wait, also on a machine that is busy with something else.
const patience = 30 * time.Second

// Stop stops a process, and returns when all its threads stand still: SIGSTOP reaches the first of them when that is
// scheduled, and the others go on until then. The process goes on by SIGCONT, at the end of the test at the latest.
func Stop(t testing.TB, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) }) // it may have ended
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.After(patience); !stopped(pid); {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("process %d does not stand still", pid)
		}
	}
}

// stopped reports whether every thread of a process has stopped.
func stopped(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, path := range threads {
		stat, err := os.ReadFile(path)
		if state := strings.LastIndex(string(stat), ") ") + 2; err == nil && stat[state] != 'T' {
			return false
		}
	}
	return len(threads) > 0
}
