package process

import (
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// TestLimitsOfAnother: a process that may yet refuse a configuration keeps its limits: a lower one it can set itself.
func TestLimitsOfAnother(t *testing.T) {
	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	}()
	pid := other.Process.Pid
	for _, resource := range []int{unix.RLIMIT_NOFILE, unix.RLIMIT_CORE} {
		var before, after unix.Rlimit
		if err := unix.Prlimit(pid, resource, nil, &before); err != nil {
			t.Fatal(err)
		}
		if err := setLimit(pid, resource, before.Max/2); err != nil {
			t.Fatal(err)
		}
		if err := unix.Prlimit(pid, resource, nil, &after); err != nil || after != before {
			t.Errorf("limit %d: %v, before %v, %v", resource, after, before, err)
		}
	}
}
