package harness

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// leavesServer has TestServerEndsWithProgram be the program that ends and leaves a server behind: it is the server's folder.
const leavesServer = "HARNESS_TEST_LEAVES"

// fakeServer writes a program that stays.
func fakeServer(t *testing.T) (binary, dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "harness-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	binary = filepath.Join(dir, "server")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\nexec sleep 600\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return binary, dir
}

// alive tells whether there is a process of this id.
func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

// TestLabEndsServers: a server that a test did not stop ends with the lab, which says so.
func TestLabEndsServers(t *testing.T) {
	binary, dir := fakeServer(t)
	lab := &Lab{Dir: dir}
	below := filepath.Join(dir, "case")
	if err := os.Mkdir(below, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := StartOwn(t.Context(), binary, below, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.Close(); err == nil || !strings.Contains(err.Error(), "was left running in "+below) {
		t.Errorf("the lab closed: %v", err)
	}
	if alive(s.Pid()) {
		t.Error("it runs on")
	}
	if err := lab.Close(); err != nil {
		t.Error(err)
	}
}

// TestServerEndsWithProgram: a server ends with the program that started it, which stopped nothing.
func TestServerEndsWithProgram(t *testing.T) {
	if dir := os.Getenv(leavesServer); dir != "" {
		cmd := exec.Command(filepath.Join(dir, "server"))
		cmd.Stdout = os.Stdout
		if _, err := Launch(cmd); err != nil {
			t.Fatal(err)
		}
		os.Exit(3)
	}
	_, dir := fakeServer(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	cmd := exec.Command(os.Args[0], "-test.run=^TestServerEndsWithProgram$")
	cmd.Env = append(os.Environ(), leavesServer+"="+dir)
	cmd.Stdout = w
	if err := errors.Join(cmd.Start(), w.Close()); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 3 {
		t.Fatal(err)
	}
	// The server has the other end of the pipe for as long as it lives.
	if err := r.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); err != nil {
		t.Errorf("it runs on: %v", err)
	}
}
