package process

import (
	"fmt"
	"os"
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
