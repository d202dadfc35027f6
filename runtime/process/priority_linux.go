package process

import (
	"os"
	"strconv"
	"syscall"
)

// setPriority sets the priority of every thread: Linux keeps one for each, and a
// new thread begins with that of the thread that made it.
func setPriority(n int) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return syscall.Setpriority(syscall.PRIO_PROCESS, 0, n)
	}
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		// A thread may have ended meanwhile.
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, tid, n); err != nil && err != syscall.ESRCH {
			return err
		}
	}
	return nil
}
