package process

import (
	"os"
	"slices"
	"strconv"
	"syscall"
)

// setPriority sets the priority of every thread: Linux keeps one for each, and a
// new thread begins with that of the thread that made it. One that is made
// meanwhile shows in the next look at the list.
func setPriority(pid, n int) error {
	folder := "/proc/self/task"
	if pid != 0 {
		folder = "/proc/" + strconv.Itoa(pid) + "/task"
	}
	var before []int
	for {
		threads, err := threadsIn(folder)
		if err != nil {
			return syscall.Setpriority(syscall.PRIO_PROCESS, pid, n)
		}
		if slices.Equal(threads, before) {
			return nil
		}
		for _, tid := range threads {
			// A thread may have ended meanwhile.
			if err := syscall.Setpriority(syscall.PRIO_PROCESS, tid, n); err != nil && err != syscall.ESRCH {
				return err
			}
		}
		before = threads
	}
}

// Priority is that of this process.
func Priority() int {
	n, _ := syscall.Getpriority(syscall.PRIO_PROCESS, 0) // cannot fail
	return 20 - n                                        // the system call has it from 40 to 1
}

// threadsIn lists the numbers of threads in a folder of /proc.
func threadsIn(folder string) (tids []int, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if tid, err := strconv.Atoi(e.Name()); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids, nil
}
