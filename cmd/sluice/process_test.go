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
)

// patience bounds every wait.
const patience = 10 * time.Second

// instance is a prefix with a configuration, and what runs there.
type instance struct {
	t      *testing.T
	prefix string
	port   int
}

func newInstance(t *testing.T, conf string) *instance {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	in := &instance{t: t, prefix: t.TempDir(), port: ln.Addr().(*net.TCPAddr).Port}
	_ = ln.Close()
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
func (in *instance) get() string {
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/", in.port))
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
			in.t.Errorf("the error log lacks, or has out of order, %q", line)
			continue
		}
		log = log[at+len(line):]
	}
}

const returns = `
error_log logs/error.log notice;
events { }
http { access_log logs/access.log; server { listen 127.0.0.1:PORT; location / { return 200 "%s"; } } }
`

func TestDaemon(t *testing.T) {
	in := newInstance(t, fmt.Sprintf(returns, "one"))
	if code, said := in.run(); code != 0 || said != "" {
		t.Fatalf("exit code %d, said %q", code, said)
	}
	// The parent has gone, so the daemon serves already, and its number is there.
	pid := in.pid()
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	if pid == 0 || in.get() != "one" {
		t.Fatalf("pid %d, answer %q", pid, in.get())
	}

	in.configure(fmt.Sprintf(returns, "two"))
	if code, said := in.run("-s", "reload"); code != 0 || said != "" {
		t.Fatalf("exit code %d, said %q", code, said)
	}
	in.eventually("the new answer", func() bool { return in.get() == "two" })

	in.configure("events { }\nfoo;\n")
	if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	in.eventually("the complaint", func() bool { return strings.Contains(in.read("logs/error.log"), "[emerg]") })
	if got := in.get(); got != "two" {
		t.Errorf("after a bad reload: %q", got)
	}
	in.configure(fmt.Sprintf(returns, "three"))

	if err := os.Rename(filepath.Join(in.prefix, "logs/access.log"), filepath.Join(in.prefix, "logs/old.log")); err != nil {
		t.Fatal(err)
	}
	if code, said := in.run("-s", "reopen"); code != 0 || said != "" {
		t.Fatalf("exit code %d, said %q", code, said)
	}
	in.eventually("a new access log", func() bool { in.get(); return in.read("logs/access.log") != "" })

	if code, said := in.run("-s", "quit"); code != 0 || said != "" {
		t.Fatalf("exit code %d, said %q", code, said)
	}
	in.eventually("the end", func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH && in.pid() == 0 })
	in.wantLog(
		`[notice] `, `using the "epoll" event method`,
		"signal 1 (SIGHUP) received", "reconfiguring",
		"signal 1 (SIGHUP) received", "reconfiguring",
		`[emerg] `, `unknown directive "foo" in `+in.prefix+"/conf/nginx.conf:2\n",
		"signal 10 (SIGUSR1) received, reopening logs\n", "reopening logs\n",
		"signal 3 (SIGQUIT) received, shutting down\n", "gracefully shutting down\n", "exiting\n", "exit\n",
	)
}

func TestDaemonThatCannotStart(t *testing.T) {
	in := newInstance(t, fmt.Sprintf(returns, "")+"pid no/nginx.pid;")
	code, said := in.run()
	if want := `nginx: [emerg] open() "` + in.prefix + `/no/nginx.pid" failed (2: No such file or directory)` + "\n"; code != 1 || said != want {
		t.Errorf("exit code %d, said %q", code, said)
	}
	if in.get() != "" {
		t.Error("something serves")
	}
}

func TestTerminate(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		in := newInstance(t, "daemon off;"+fmt.Sprintf(returns, "here"))
		pid, exit := in.start()
		if got := in.get(); got != "here" {
			t.Errorf("answer %q", got)
		}
		// A connection that does nothing does not keep the server.
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", in.port))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = syscall.Kill(pid, sig)
		in.wantExit(exit, 0)
		if in.pid() != 0 {
			t.Error("the pid file is left")
		}
		in.wantLog("received, exiting\n", "exiting\n", "exit\n")
	}
}

// slowClient asks for a file that does not fit into socket buffers and reads only its beginning.
func (in *instance) slowClient(size int) net.Conn {
	in.t.Helper()
	in.write("html/large", strings.Repeat("x", size))
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", in.port))
	if err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		in.t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 100)); err != nil {
		in.t.Fatal(err)
	}
	return c
}

const files = `daemon off;
error_log logs/error.log notice;
%s
events { }
http { server { listen 127.0.0.1:PORT; } }
`

func TestQuitFinishesWhatIsUnderWay(t *testing.T) {
	const size = 32 << 20
	in := newInstance(t, fmt.Sprintf(files, ""))
	pid, exit := in.start()
	c := in.slowClient(size)
	_ = syscall.Kill(pid, syscall.SIGQUIT)
	in.eventually("the sockets to close", func() bool {
		other, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", in.port))
		if err == nil {
			_ = other.Close()
		}
		return err != nil
	})
	select {
	case <-exit:
		t.Fatal("the server ended with a response under way")
	default:
	}
	rest, err := io.Copy(io.Discard, c)
	if err != nil || rest < size {
		t.Errorf("%d bytes, %v", rest, err)
	}
	in.wantExit(exit, 0)
}

func TestTerminateWhileQuitting(t *testing.T) {
	in := newInstance(t, fmt.Sprintf(files, ""))
	pid, exit := in.start()
	in.slowClient(32 << 20)
	_ = syscall.Kill(pid, syscall.SIGQUIT)
	in.eventually("the notice", func() bool { return strings.Contains(in.read("logs/error.log"), "gracefully") })
	_ = syscall.Kill(pid, syscall.SIGTERM)
	in.wantExit(exit, 0)
}

func TestShutdownTimeout(t *testing.T) {
	in := newInstance(t, fmt.Sprintf(files, "worker_shutdown_timeout 100ms;"))
	pid, exit := in.start()
	in.slowClient(32 << 20)
	_ = syscall.Kill(pid, syscall.SIGQUIT)
	in.wantExit(exit, 0)
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	in := newInstance(t, "daemon off;"+fmt.Sprintf(returns, ""))
	ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", in.port))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if code, said := in.run("-t"); code != 0 {
		t.Errorf("-t beside a running server: %d, %q", code, said)
	}
	begin := time.Now()
	code, said := in.run()
	once := fmt.Sprintf("nginx: [emerg] bind() to 127.0.0.1:%d failed (98: Address already in use)\n", in.port)
	if want := strings.Repeat(once, 5) + "nginx: [emerg] still could not bind()\n"; code != 1 || said != want {
		t.Errorf("exit code %d, said %q", code, said)
	}
	if took := time.Since(begin); took < 2500*time.Millisecond {
		t.Errorf("gave up after %v", took)
	}
	in.wantLog("try again to bind() after 500ms", "still could not bind()")
}

// TestPIDFileMoves: a reload may name another pid file.
func TestPIDFileMoves(t *testing.T) {
	in := newInstance(t, "daemon off;"+fmt.Sprintf(returns, "one"))
	pid, exit := in.start()
	in.configure("daemon off; pid logs/other.pid;" + fmt.Sprintf(returns, "two"))
	_ = syscall.Kill(pid, syscall.SIGHUP)
	in.eventually("the move", func() bool { return in.read("logs/other.pid") == fmt.Sprintln(pid) && in.pid() == 0 })
	_ = syscall.Kill(pid, syscall.SIGQUIT)
	in.wantExit(exit, 0)
	if in.read("logs/other.pid") != "" {
		t.Error("the pid file is left")
	}
}

// TestReloadThatCannotListen: the running configuration stays.
func TestReloadThatCannotListen(t *testing.T) {
	in := newInstance(t, "daemon off;"+fmt.Sprintf(returns, "one"))
	pid, exit := in.start()
	in.configure("daemon off;" + strings.Replace(fmt.Sprintf(returns, "two"), "listen ", "listen 192.0.2.1:80; listen ", 1))
	_ = syscall.Kill(pid, syscall.SIGHUP)
	in.eventually("the complaint", func() bool { return strings.Contains(in.read("logs/error.log"), "bind() to 192.0.2.1:80 failed") })
	if got := in.get(); got != "one" {
		t.Errorf("answer %q", got)
	}
	_ = syscall.Kill(pid, syscall.SIGQUIT)
	in.wantExit(exit, 0)
}
