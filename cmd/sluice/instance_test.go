package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/internal/testport"
)

// patience bounds every wait, also on a machine that is busy with something else.
const patience = 30 * time.Second

// instance is a prefix with a configuration, and what runs there.
type instance struct {
	t      *testing.T
	prefix string
	port   int
}

func newInstance(t *testing.T, conf string) *instance {
	t.Helper()
	in := &instance{t: t, prefix: t.TempDir(), port: testport.Free(t)}
	for _, dir := range []string{filepath.Dir(in.prefix), in.prefix} { // a worker without privileges reads there, too
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"conf", "logs", "html"} {
		if err := os.Mkdir(filepath.Join(in.prefix, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	in.configure(conf)
	return in
}

// configure writes the configuration, with PORT replaced.
func (in *instance) configure(conf string) {
	in.t.Helper()
	in.write("conf/nginx.conf", strings.ReplaceAll(conf, "PORT", strconv.Itoa(in.port)))
}

func (in *instance) write(name, text string) {
	in.t.Helper()
	if err := os.WriteFile(filepath.Join(in.prefix, name), []byte(text), 0o644); err != nil {
		in.t.Fatal(err)
	}
}

func (in *instance) read(name string) string {
	text, err := os.ReadFile(filepath.Join(in.prefix, name))
	if err != nil {
		return ""
	}
	return string(text)
}

func (in *instance) command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], append([]string{"-p", in.prefix}, args...)...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.WaitDelay = patience
	return cmd
}

// run runs the program to its end and returns its exit code and what it printed.
func (in *instance) run(args ...string) (int, string) {
	in.t.Helper()
	var said bytes.Buffer
	cmd := in.command(args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode(), said.String()
}

// start starts a server that stays in the foreground and waits for its pid file. The channel delivers its exit code.
func (in *instance) start() (pid int, exit <-chan int) {
	in.t.Helper()
	cmd := in.command()
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	code := make(chan int, 1)
	go func() {
		_ = cmd.Wait()
		code <- cmd.ProcessState.ExitCode()
	}()
	in.t.Cleanup(func() { in.kill(cmd.Process.Pid) })
	in.eventually("a pid file", func() bool { return in.pid() == cmd.Process.Pid })
	in.eventually("an open socket", in.listens)
	return cmd.Process.Pid, code
}

// kill kills a master and its workers; those would go on without it.
func (in *instance) kill(pid int) {
	workers := children(pid)
	for _, p := range append([]int{pid}, workers...) {
		_ = syscall.Kill(p, syscall.SIGKILL)
	}
}

// children lists the processes that pid has started and that are alive.
func children(pid int) (list []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[0] != "Z" && f[1] == strconv.Itoa(pid) {
			n, _ := strconv.Atoi(strings.Split(name, "/")[2])
			list = append(list, n)
		}
	}
	return list
}

// listens says whether the port can be connected to.
func (in *instance) listens() bool {
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", in.port))
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

// pid is the number in the pid file, 0 without one.
func (in *instance) pid() int {
	n, _ := strconv.Atoi(strings.TrimSpace(in.read("logs/nginx.pid")))
	return n
}

func (in *instance) eventually(what string, ok func() bool) {
	in.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			in.t.Fatalf("waited in vain for %s; error log:\n%s", what, in.read("logs/error.log"))
		}
	}
}

// get asks for / on a connection of its own and returns the body, "" for none.
func (in *instance) get() string { return in.getPath("/") }

func (in *instance) getPath(path string) string {
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", in.port, path))
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return string(body)
}

func (in *instance) wantExit(exit <-chan int, code int) {
	in.t.Helper()
	select {
	case got := <-exit:
		if got != code {
			in.t.Errorf("exit code %d, want %d", got, code)
		}
	case <-time.After(patience):
		in.t.Fatalf("the server did not end; error log:\n%s", in.read("logs/error.log"))
	}
}

func (in *instance) wantLog(lines ...string) {
	in.t.Helper()
	log := in.read("logs/error.log")
	for _, line := range lines {
		at := strings.Index(log, line)
		if at < 0 {
			in.t.Errorf("the error log lacks, or has out of order, %q:\n%s", line, in.read("logs/error.log"))
			continue
		}
		log = log[at+len(line):]
	}
}
