package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestWorkerSettings: limits that only the super-user may raise.
func TestWorkerSettings(t *testing.T) {
	if !privileged() {
		t.Log("only the super-user can raise a priority")
		return
	}
	in := newInstance(t, "daemon off;"+fmt.Sprintf(returns, "one"))
	settings := `worker_rlimit_nofile %d; worker_rlimit_core 1m; worker_priority %d;
working_directory ` + filepath.Join(in.prefix, "html") + `; env TZ=UTC; env HOME; daemon off;`
	in.configure(fmt.Sprintf(settings, 12345, -7) + fmt.Sprintf(returns, "one"))
	master, exit := in.start()
	worker := in.worker(master)
	in.eventually("an answer", func() bool { return in.get() == "one" })
	assertSettings(t, worker, "12345", "-7")
	if to, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", worker)); to != filepath.Join(in.prefix, "html") {
		t.Errorf("the worker is in %s", to)
	}
	env := strings.Split(proc(worker, "environ"), "\x00")
	for _, want := range []string{"TZ=UTC", "HOME=" + os.Getenv("HOME")} {
		if !slices.Contains(env, want) {
			t.Errorf("environment %q lacks %s", env, want)
		}
	}

	in.configure(fmt.Sprintf(settings, 11111, -3) + fmt.Sprintf(returns, "two"))
	_ = syscall.Kill(master, syscall.SIGHUP)
	in.eventually("the new answer", func() bool { return in.get() == "two" })
	assertSettings(t, worker, "11111", "-3")

	in.configure("daemon off;" + fmt.Sprintf(returns, "three"))
	_ = syscall.Kill(master, syscall.SIGHUP)
	in.eventually("the last answer", func() bool { return in.get() == "three" })
	if got := priorities(t, worker); !slices.Equal(got, priorities(t, master)) {
		t.Errorf("priorities %s without worker_priority", got)
	}
	dir, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", worker))
	if want, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", master)); dir != want {
		t.Errorf("the worker is in %s without working_directory, its master in %s", dir, want)
	}
	_ = syscall.Kill(master, syscall.SIGQUIT)
	in.wantExit(exit, 0)
}

func assertSettings(t *testing.T, pid int, files, priority string) {
	t.Helper()
	limits := proc(pid, "limits")
	for _, want := range []string{"Max open files " + files + " " + files + " ", "Max core file size 1048576 1048576 "} {
		if !strings.Contains(strings.Join(strings.Fields(limits), " "), want) {
			t.Errorf("limits lack %s:\n%s", want, limits)
		}
	}
	if got := priorities(t, pid); !slices.Equal(got, []string{priority}) {
		t.Errorf("priorities %s, want %s", got, priority)
	}
}

// priorities returns the priorities that the threads of a process have, each once.
func priorities(t *testing.T, pid int) (found []string) {
	t.Helper()
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, name := range threads {
		text, _ := os.ReadFile(name)
		_, rest, _ := strings.Cut(string(text), ") ")
		if f := strings.Fields(rest); len(f) > 16 && !slices.Contains(found, f[16]) {
			found = append(found, f[16])
		}
	}
	return found
}
