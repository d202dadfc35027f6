package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/internal/teststop"
)

// TestReloadWithAnotherUser: the worker cannot change its user, so another one takes over.
func TestReloadWithAnotherUser(t *testing.T) {
	if _, err := user.Lookup("daemon"); err != nil || !privileged() {
		t.Log("there is no other user to be")
		return
	}
	const size = 8 << 20
	in := newInstance(t, fmt.Sprintf(files, ""))
	master, exit := in.start()
	before := in.worker(master)
	c := in.slowClient(size)
	in.configure(fmt.Sprintf(files, "user daemon;"))
	_ = syscall.Kill(master, syscall.SIGHUP)
	in.eventually("the old worker's end", func() bool { return title(before) == "nginx: worker process is shutting down" })
	if list := children(master); len(list) != 2 {
		t.Errorf("workers %v", list)
	}
	if rest, err := io.Copy(io.Discard, c); err != nil || rest < size {
		t.Errorf("the download under way: %d bytes, %v", rest, err)
	}
	after := in.worker(master)
	if uid := field(after, "Uid"); len(uid) == 0 || uid[0] != "1" {
		t.Errorf("worker %d, before %d, runs as %v", after, before, uid)
	}
	_ = syscall.Kill(master, syscall.SIGQUIT)
	in.wantExit(exit, 0)
}

// TestMasterKilled: its worker goes on, and obeys signals of its own.
func TestMasterKilled(t *testing.T) {
	if !privileged() {
		t.Log("one process has no worker")
		return
	}
	in := newInstance(t, "daemon off;"+fmt.Sprintf(returns, "alone"))
	master, _ := in.start()
	in.eventually("an answer", func() bool { return in.get() == "alone" })
	worker := in.worker(master)
	t.Cleanup(func() { _ = syscall.Kill(worker, syscall.SIGKILL) })
	_ = syscall.Kill(master, syscall.SIGKILL)
	in.eventually("the master's end", func() bool { return title(master) == "" })
	_ = syscall.Kill(worker, syscall.SIGUSR1)
	in.eventually("the notice", func() bool { return strings.Contains(in.read("logs/error.log"), "reopening logs") })
	if got := in.get(); got != "alone" {
		t.Errorf("answer %q", got)
	}
	_ = syscall.Kill(worker, syscall.SIGQUIT)
	in.eventually("the worker's end", func() bool { return !in.listens() })
}

// TestMasterThatCannotServe: what the worker misses is told, and ends the start.
func TestMasterThatCannotServe(t *testing.T) {
	if !privileged() {
		t.Log("one process needs no folder of its own")
		return
	}
	for _, daemon := range []string{"", "daemon off;"} {
		in := newInstance(t, daemon+"working_directory /nonexistent;"+fmt.Sprintf(returns, ""))
		code, said := in.run()
		if want := `chdir() "/nonexistent" failed (2: No such file or directory)`; code != 1 || !strings.Contains(said, want) {
			t.Errorf("%s exit code %d, said %q", daemon, code, said)
		}
		if in.pid() != 0 || in.listens() {
			t.Errorf("%s something is left", daemon)
		}
		in.wantLog(`chdir() "/nonexistent" failed (2: No such file or directory)`, "exited with fatal code 2 and cannot be respawned")
	}
}

// TestBadReloadKeepsWorker: neither a broken file nor one that the worker cannot take does any harm.
func TestBadReloadKeepsWorker(t *testing.T) {
	in := newInstance(t, "daemon off;"+fmt.Sprintf(returns, "good"))
	master, exit := in.start()
	in.eventually("an answer", func() bool { return in.get() == "good" })
	worker := in.worker(master)
	complaints := []string{"foo;", "listen 192.0.2.1:80;"}
	if privileged() {
		complaints = append(complaints, "working_directory /nonexistent;")
	}
	for i, bad := range complaints {
		conf := "daemon off;" + fmt.Sprintf(returns, "bad")
		if strings.HasPrefix(bad, "listen") {
			conf = strings.Replace(conf, "listen ", bad+" listen ", 1)
		} else {
			conf = bad + conf
		}
		in.configure(conf)
		_ = syscall.Kill(master, syscall.SIGHUP)
		in.eventually("a complaint about "+bad, func() bool {
			return strings.Count(in.read("logs/error.log"), "[emerg]") > i && strings.Count(in.read("logs/error.log"), "reconfiguring\n") > i
		})
		if got := in.get(); got != "good" || in.worker(master) != worker {
			t.Errorf("%s: answer %q of worker %d, before %d", bad, got, in.worker(master), worker)
		}
	}
	in.configure("daemon off;" + fmt.Sprintf(returns, "better"))
	_ = syscall.Kill(master, syscall.SIGHUP)
	in.eventually("the new answer", func() bool { return in.get() == "better" })
	_ = syscall.Kill(master, syscall.SIGQUIT)
	in.wantExit(exit, 0)
}

// TestStubbornWorker: one that does not even stop at TERM is killed.
func TestStubbornWorker(t *testing.T) {
	if !privileged() {
		t.Log("one process has no worker")
		return
	}
	in := newInstance(t, "daemon off;"+fmt.Sprintf(returns, "here"))
	master, exit := in.start()
	in.eventually("an answer", func() bool { return in.get() == "here" })
	worker := in.worker(master)
	teststop.Stop(t, worker)
	_ = syscall.Kill(master, syscall.SIGTERM)
	in.wantExit(exit, 0)
	in.wantLog(fmt.Sprintf("worker process %d exited on signal 9", worker), "exit\n")
}

// TestWithoutMaster: master_process off keeps everything in one process.
func TestWithoutMaster(t *testing.T) {
	in := newInstance(t, "master_process off; daemon off;"+fmt.Sprintf(returns, "one"))
	pid, exit := in.start()
	in.eventually("an answer", func() bool { return in.get() == "one" })
	if list := children(pid); len(list) != 0 {
		t.Errorf("children %v", list)
	}
	if got := title(pid); strings.HasPrefix(got, "nginx:") {
		t.Errorf("title %q", got)
	}
	info, err := os.Stat(filepath.Join(in.prefix, "client_body_temp"))
	if err != nil {
		t.Fatal(err)
	}
	if uid := info.Sys().(*syscall.Stat_t).Uid; privileged() && uid != 65534 {
		t.Errorf("temporary files belong to user %d", uid)
	}
	_ = syscall.Kill(pid, syscall.SIGQUIT)
	in.wantExit(exit, 0)
}

// TestSignalStorm: signals in any order, at any time, leave nothing behind.
func TestSignalStorm(t *testing.T) {
	signals := []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGCHLD, syscall.SIGWINCH, syscall.SIGHUP, syscall.SIGUSR1}
	random := uint32(1)
	next := func() syscall.Signal {
		random = random*1664525 + 1013904223
		return signals[random>>16%uint32(len(signals))]
	}
	for round := range 12 {
		in := newInstance(t, "daemon off;"+fmt.Sprintf(returns, "here"))
		cmd := in.command()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pid := cmd.Process.Pid
		done := make(chan struct{})
		go func() {
			_ = cmd.Wait()
			close(done)
		}()
		// The program has to run far enough to catch signals.
		in.eventually("a pid file", func() bool { return in.pid() == pid })
		workers := children(pid)
		for i := range 20 {
			_ = syscall.Kill(pid, next())
			workers = append(workers, children(pid)...)
			if i == 10 && round%3 == 0 {
				in.eventually("an answer", func() bool { return in.get() == "here" })
			}
		}
		end := []syscall.Signal{syscall.SIGQUIT, syscall.SIGTERM}[round%2]
		for range 3 {
			_ = syscall.Kill(pid, end)
			_ = syscall.Kill(pid, next())
		}
		select {
		case <-done:
		case <-time.After(patience):
			in.kill(pid)
			t.Fatalf("round %d: the end did not come; error log:\n%s", round, in.read("logs/error.log"))
		}
		for _, w := range workers {
			if title(w) == "nginx: worker process" && !errors.Is(syscall.Kill(w, 0), syscall.ESRCH) {
				t.Errorf("round %d: worker %d is left", round, w)
			}
		}
		if in.pid() != 0 || in.listens() {
			t.Errorf("round %d: a pid file or a socket is left", round)
		}
	}
}
