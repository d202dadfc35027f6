package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestReloadResultsTaken: any process may take the name under which a server tells how a reload went. The server says so
// and goes on, and -s reload does not take silence for success.
func TestReloadResultsTaken(t *testing.T) {
	inBothModes(t, func(t *testing.T, main string) {
		conf := main + "daemon off;" + returns
		in := newInstance(t, fmt.Sprintf(conf, "one"))
		// A shell has the number that the server is going to have.
		cmd := exec.Command("sh", "-c", `read go && exec "$0" "$@"`, os.Args[0], "-p", in.prefix)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pid := cmd.Process.Pid
		name := fmt.Sprintf("@sluice/reload/%d", pid)
		other, err := net.Listen("unix", name)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if _, err := io.WriteString(stdin, "go\n"); err != nil {
			t.Fatal(err)
		}
		exit := make(chan int, 1)
		go func() {
			_ = cmd.Wait()
			exit <- cmd.ProcessState.ExitCode()
		}()
		t.Cleanup(func() { in.kill(pid) })
		in.eventually("an answer", func() bool { return in.get() == "one" })
		in.eventually("a pid file", func() bool { return in.pid() == pid })
		in.wantLog("[error] ", "bind() to unix:"+name+" failed (98: Address already in use)\n")
		in.configure(fmt.Sprintf(conf, "two"))
		code, said := in.run("-s", "reload")
		want := fmt.Sprintf("nginx: [error] the result of the reload is not known: unix:%s is taken by process %d of user %d\n",
			name, os.Getpid(), os.Getuid())
		if code != 1 || !strings.HasSuffix(said, want) {
			t.Errorf("exit code %d, said %q, want %q", code, said, want)
		}
		in.eventually("the new answer", func() bool { return in.get() == "two" })
		_ = syscall.Kill(pid, syscall.SIGQUIT)
		in.wantExit(exit, 0)
	})
}
