package process

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// playWorker is a worker that says who it is, and then does what it is told.
func playWorker() int {
	c, err := ResumeWorker()
	if err != nil || IsWorker() {
		return 3
	}
	groups, _ := os.Getgroups()
	text := fmt.Sprintln(os.Getuid(), os.Geteuid(), os.Getgid(), groups, os.Args, os.Getenv("OTHER"), syscall.Setuid(0) != nil)
	if err := c.Send(Message{Kind: 'H', Body: []byte(text)}); err != nil {
		return 4
	}
	m, err := c.Receive(10, true)
	switch {
	case err != nil:
		return 5
	case m.Kind == 'K':
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return int(m.Kind)
}

// TestStartWorker: it is somebody else, with that one's groups and another environment, and its end is told as nginx does.
func TestStartWorker(t *testing.T) {
	u := User{Name: "nobody", UID: os.Getuid(), GID: os.Getgid()}
	if u.UID == 0 {
		u = User{Name: "nobody", UID: 65534, GID: 65534}
	}
	t.Setenv("HIDDEN", "1")
	for _, c := range []struct {
		order byte
		text  string
		alert bool
	}{
		{0, "worker process %d exited with code 0", false},
		{2, "worker process %d exited with code 2", false},
		{'K', "worker process %d exited on signal 9", true},
	} {
		child, err := StartWorker(WorkerOptions{User: u, Env: []string{roleEnv + "=worker", "OTHER=value"}})
		if err != nil {
			if u.UID == os.Getuid() { // groups cannot be set without privileges, even to what they are
				return
			}
			t.Fatal(err)
		}
		m, err := child.Channel.Receive(1000, false)
		want := fmt.Sprintln(u.UID, u.UID, u.GID, slices.Clone(u.groups()), []string{TitleWorker}, "value", true)
		if err != nil || string(m.Body) != want {
			t.Errorf("%v, the worker says %q, want %q", err, m.Body, want)
		}
		if err := child.Channel.Send(Message{Kind: c.order}); err != nil {
			t.Error(err)
		}
		text, alert := (<-child.Exited()).Describe("worker process")
		if want := strings.ReplaceAll(c.text, "%d", fmt.Sprint(child.PID)); text != want || alert != c.alert {
			t.Errorf("%q, %v, want %q", text, alert, want)
		}
		child.Channel.Close()
	}
}

func TestDefaultUser(t *testing.T) {
	u, err := DefaultUser()
	if err != nil || u.Name != "nobody" || u.UID == 0 || u.GID == 0 {
		t.Errorf("%+v, %v", u, err)
	}
}

// TestSignalAfterTheEnd: a number that the system has given back, and perhaps to another process, is left alone.
func TestSignalAfterTheEnd(t *testing.T) {
	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- other.Wait() }()
	p, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
	if err != nil {
		t.Fatal(err)
	}
	c := &Child{PID: p.Pid, process: p}
	c.Do(func(pid int) {
		if pid != p.Pid {
			t.Errorf("number %d, want %d", pid, p.Pid)
		}
	})
	if _, err := c.reap(); err != nil {
		t.Fatal(err)
	}
	c.PID = other.Process.Pid // as if it had been given again
	if err := c.Signal(syscall.SIGHUP); err != nil {
		t.Error(err)
	}
	c.Do(func(int) { t.Error("the number is used after the end") })
	_ = other.Process.Signal(syscall.SIGTERM) // of two signals that wait the system takes the one with the lower number first
	if err := <-ended; err == nil || err.Error() != "signal: terminated" {
		t.Errorf("another process has ended by %v", err)
	}
}
