package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sluiceproxy/sluice/internal/teststop"
)

// A reload is two steps, of the master and of its worker. These tests are about what comes between them.

// halfway starts a server whose worker stands still with a configuration on its way to it.
func halfway(t *testing.T, conf string) (in *instance, master int, exit <-chan int, worker int) {
	t.Helper()
	in = newInstance(t, "daemon off;"+fmt.Sprintf(returns, "one"))
	master, exit = in.start()
	in.eventually("an answer", func() bool { return in.get() == "one" })
	in.afterStart(master)
	worker = in.worker(master)
	teststop.Stop(t, worker)
	in.configure(conf)
	_ = syscall.Kill(master, syscall.SIGHUP)
	// The new log says that everything is open. The configuration may be written again then.
	in.eventually("the first step", func() bool {
		other, _ := os.ReadFile(filepath.Join(in.prefix, "logs/other.log")) // where it has that one
		return strings.Count(in.read("logs/error.log")+string(other), "event method\n") == 2
	})
	return in, master, exit, worker
}

// reopenLogs makes the master open its log files anew. It has taken all signals before this one then.
func (in *instance) reopenLogs(master int) {
	in.t.Helper()
	_ = syscall.Kill(master, syscall.SIGUSR1)
	in.eventually("the logs to be opened anew", func() bool { return strings.Contains(in.read("logs/error.log"), ": reopening logs\n") })
}

// TestReloadBehindLostReload: a worker ends with a configuration on its way to it while another reload waits; that one
// takes effect.
func TestReloadBehindLostReload(t *testing.T) {
	if !privileged() {
		t.Log("one process has no worker")
		return
	}
	in, master, exit, worker := halfway(t, "daemon off;"+fmt.Sprintf(returns, "two"))
	in.configure("daemon off;" + fmt.Sprintf(returns, "three"))
	_ = syscall.Kill(master, syscall.SIGHUP)
	in.reopenLogs(master)
	_ = syscall.Kill(worker, syscall.SIGKILL)
	in.eventually("the last configuration", func() bool { return in.get() == "three" })
	in.worker(master)
	_ = syscall.Kill(master, syscall.SIGQUIT)
	in.wantExit(exit, 0)
}

// TestRefusedReloadLeavesNothing: a worker that cannot take a configuration goes on with the log files that were opened
// anew meanwhile, and with the stderr, the limits and the priority of the configuration that serves.
func TestRefusedReloadLeavesNothing(t *testing.T) {
	if !privileged() {
		t.Log("one process has no worker")
		return
	}
	bad := strings.Replace(fmt.Sprintf(returns, "two"), "error_log logs/error.log", "error_log logs/other.log", 1)
	in, master, exit, worker := halfway(t, "daemon off; working_directory /nonexistent; worker_rlimit_nofile 900; worker_rlimit_core 0; worker_priority 5;"+bad)
	access := filepath.Join(in.prefix, "logs/access.log")
	wantNil(t, os.Rename(access, access+".1"))
	in.reopenLogs(master)
	_ = syscall.Kill(worker, syscall.SIGCONT)
	in.eventually("the refusal", func() bool { return strings.Contains(in.read("logs/error.log"), "chdir() ") })
	in.eventually("a line in the log", func() bool { return in.getPath("/rotated") == "one" && in.read("logs/access.log") != "" })
	if stderr, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/2", worker)); filepath.Base(stderr) != "error.log" {
		t.Errorf("the stderr of the worker is %s", stderr)
	}
	if limits := proc(worker, "limits"); limits != proc(master, "limits") || in.worker(master) != worker {
		t.Errorf("limits of worker %d: %s", worker, limits)
	}
	in.eventually("the priority of before", func() bool { return slices.Equal(priorities(t, worker), priorities(t, master)) })
	_ = syscall.Kill(master, syscall.SIGQUIT)
	in.wantExit(exit, 0)
}

// TestWorkerToldToFinish: a worker that is told to finish by a signal of its own is replaced at once, whatever it still has
// under way, and takes no configuration any more.
func TestWorkerToldToFinish(t *testing.T) {
	if !privileged() {
		t.Log("one process has no worker")
		return
	}
	const size = 8 << 20
	conf := strings.Replace(returns, "location", "location = /large { } location", 1)
	in := newInstance(t, "daemon off;"+fmt.Sprintf(conf, "one"))
	master, exit := in.start()
	in.eventually("an answer", func() bool { return in.get() == "one" })
	worker := in.worker(master)
	in.slowClient(size)
	_ = syscall.Kill(worker, syscall.SIGQUIT)
	in.eventually("the worker to finish", func() bool { return title(worker) == "nginx: worker process is shutting down" })
	if got := in.get(); got != "one" {
		t.Errorf("answer %q while it finishes", got)
	}
	in.configure("daemon off;" + fmt.Sprintf(conf, "two"))
	if code, said := in.run("-s", "reload"); code != 0 {
		t.Errorf("exit code %d, said %q", code, said)
	}
	if got := in.get(); got != "two" {
		t.Errorf("answer %q after the reload", got)
	}
	if list := children(master); len(list) != 2 {
		t.Errorf("workers %v", list)
	}
	_ = syscall.Kill(master, syscall.SIGTERM)
	in.wantExit(exit, 0)
}
