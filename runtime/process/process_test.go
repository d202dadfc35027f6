package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// roleEnv makes the test binary one of the programs under test.
const roleEnv = "SLUICE_PROCESS_TEST"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		os.Exit(play(role))
	}
	goleak.VerifyTestMain(m)
}

func play(role string) int {
	if role == "inheritor" {
		return playHeir()
	}
	if play := roles[role]; play != nil {
		return play()
	}
	daemon, ok := Resume()
	if !ok {
		daemon.Ready() // no daemon: nothing happens
		return Daemonize(nil)
	}
	if role == "fail" {
		fmt.Fprintln(os.Stderr, "nginx: [emerg] no luck")
		return 3
	}
	sid, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, 0, 0, 0)
	mask := syscall.Umask(0)
	stdin, _ := os.Stdin.Stat()
	null, _ := os.Stat(os.DevNull)
	log, _ := os.CreateTemp(os.Getenv("TMPDIR"), "log")
	fmt.Fprintf(os.Stderr, "pid=%d leader=%v umask=%d null=%v env=%q args=%v\n", os.Getpid(), int(sid) == os.Getpid(), mask,
		os.SameFile(stdin, null), os.Getenv(daemonEnv), os.Args[1:])
	if err := RedirectStderr(log.Name()); err != nil {
		return 4
	}
	fmt.Fprintln(os.Stderr, "to the log")
	if text, _ := os.ReadFile(log.Name()); string(text) != "to the log\n" {
		return 5
	}
	daemon.Ready()
	daemon.Ready()
	return 0
}

func primaryGroup(name string) string {
	if u, err := user.Lookup(name); err == nil {
		if g, err := user.LookupGroupId(u.Gid); err == nil {
			return g.Name
		}
	}
	return name
}

// program is the test binary in a role.
func program(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), roleEnv+"="+role)
	return cmd
}

// run runs the test binary in a role.
func run(t *testing.T, role string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-c", "some.conf")
	cmd.Env = append(os.Environ(), roleEnv+"="+role, "TMPDIR="+t.TempDir())
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return b.String(), cmd.ProcessState.ExitCode()
}

func TestDaemon(t *testing.T) {
	out, code := run(t, "serve")
	for _, want := range []string{"leader=true", "umask=0", "null=true", `env=""`, "args=[-c some.conf]"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in %q", want, out)
		}
	}
	if code != 0 {
		t.Errorf("exit code %d, %q", code, out)
	}
}

func TestDaemonThatFails(t *testing.T) {
	out, code := run(t, "fail")
	if code != 3 || out != "nginx: [emerg] no luck\n" {
		t.Errorf("exit code %d, %q", code, out)
	}
}

func TestLookupUser(t *testing.T) {
	if u, err := LookupUser("root", primaryGroup("root")); err != nil || u != (User{Name: "root"}) {
		t.Errorf("got %+v, %v", u, err)
	}
	if _, err := LookupUser("no-such-user", ""); err == nil || err.Error() != `getpwnam("no-such-user") failed` {
		t.Errorf("got %v", err)
	}
	if _, err := LookupUser("root", "no-such-group"); err == nil || err.Error() != `getgrnam("no-such-group") failed` {
		t.Errorf("got %v", err)
	}
}

func TestPIDFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nginx.pid")
	if err := os.WriteFile(path, []byte("1234567890\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := TestPID(path); err != nil {
		t.Error(err)
	}
	if n, err := ReadPID(path); err != nil || n != 1234567890 {
		t.Errorf("-t changed the pid file: %d, %v", n, err)
	}
	if err := WritePID(path); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(path)
	if want := strconv.Itoa(os.Getpid()) + "\n"; err != nil || string(text) != want {
		t.Errorf("got %q, want %q", text, want)
	}
	if n, err := ReadPID(path); err != nil || n != os.Getpid() {
		t.Errorf("got %d, %v", n, err)
	}
	if err := RemovePID(path); err != nil {
		t.Error(err)
	}
	for name, got := range map[string]error{
		`unlink() "` + path + `" failed (2: No such file or directory)`: RemovePID(path),
		`open() "` + path + `/x" failed (2: No such file or directory)`: WritePID(path + "/x"),
	} {
		if got == nil || got.Error() != name {
			t.Errorf("got %v, want %s", got, name)
		}
	}
}

// lines is a log that a test can read.
type lines struct {
	mu   sync.Mutex
	text []string
}

func (l *lines) WriteRecord(_ errlog.Level, rec []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, text, _ := strings.Cut(strings.TrimSuffix(string(rec), "\n"), ": ")
	l.text = append(l.text, text)
}

func (l *lines) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.text) == 0 {
		return ""
	}
	return l.text[len(l.text)-1]
}

func newLog() (*errlog.Logger, *lines) {
	l := &lines{}
	return errlog.New(errlog.Config{Outputs: []errlog.Output{{Sink: l, Threshold: errlog.Threshold{Level: errlog.Notice}}}}), l
}

func TestSend(t *testing.T) {
	dir := t.TempDir()
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, text string // text "-" leaves no file
		ok         bool
		want       string
	}{
		{"no file", "-", false, `open() "$" failed (2: No such file or directory)`},
		{"empty", "", false, `invalid PID number "" in "$"`},
		{"line feed only", "\n", false, `invalid PID number "" in "$"`},
		{"no number", "12x\n", false, `invalid PID number "12x" in "$"`},
		{"sign", "-1\n", false, `invalid PID number "-1" in "$"`},
		{"own group", "0\n", false, `invalid PID number "0" in "$"`},
		{"too long", strings.Repeat("1", 30), false, `invalid PID number "` + strings.Repeat("1", 22) + `" in "$"`},
		{"no process", fmt.Sprintln(gone.Process.Pid), false, fmt.Sprintf("kill(%d, 0) failed (3: No such process)", gone.Process.Pid)},
		{"running", fmt.Sprintf("%d\r\n", os.Getpid()), true, "signal process started"},
	} {
		path := filepath.Join(dir, c.name)
		if c.text != "-" {
			if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		log, l := newLog()
		if got := Send(log, path, 0); got != c.ok {
			t.Errorf("%s: got %v", c.name, got)
		}
		if got, want := l.last(), strings.ReplaceAll(c.want, "$", path); got != want {
			t.Errorf("%s: got %s, want %s", c.name, got, want)
		}
	}
}

func TestSignalOf(t *testing.T) {
	for name, want := range map[string]syscall.Signal{
		"stop": syscall.SIGTERM, "quit": syscall.SIGQUIT, "reopen": syscall.SIGUSR1, "reload": syscall.SIGHUP, "x": 0, "": 0,
	} {
		if got, ok := SignalOf(name); got != want || ok != (want != 0) {
			t.Errorf("%q: got %v, %v", name, got, ok)
		}
	}
}

func TestNotify(t *testing.T) {
	busy := func() bool { return true }
	const ignored = "the changing binary signal is ignored: you should shutdown or terminate before either old or new binary's process"
	for _, c := range []struct {
		sig  syscall.Signal
		opt  NotifyOptions
		want Event
		log  string
	}{
		{syscall.SIGTERM, NotifyOptions{}, Terminate, "signal 15 (SIGTERM) received, exiting"},
		{syscall.SIGINT, NotifyOptions{Role: Worker}, Terminate, "signal 2 (SIGINT) received, exiting"},
		{syscall.SIGQUIT, NotifyOptions{Role: Master}, Quit, "signal 3 (SIGQUIT) received, shutting down"},
		{syscall.SIGHUP, NotifyOptions{}, Reload, "signal 1 (SIGHUP) received, reconfiguring"},
		{syscall.SIGHUP, NotifyOptions{Role: Worker}, 0, "signal 1 (SIGHUP) received, ignoring"},
		{syscall.SIGUSR1, NotifyOptions{}, Reopen, "signal 10 (SIGUSR1) received, reopening logs"},
		{syscall.SIGUSR2, NotifyOptions{}, Upgrade, "signal 12 (SIGUSR2) received, changing binary"},
		{syscall.SIGUSR2, NotifyOptions{Role: Worker}, 0, "signal 12 (SIGUSR2) received, ignoring"},
		{syscall.SIGUSR2, NotifyOptions{UpgradeUnderWay: busy}, 0, ignored},
		{syscall.SIGWINCH, NotifyOptions{}, 0, "signal 28 (SIGWINCH) received"},
		{syscall.SIGWINCH, NotifyOptions{Daemonized: true}, StopAccepting, "signal 28 (SIGWINCH) received, stop accepting connections"},
		{syscall.SIGWINCH, NotifyOptions{Daemonized: true, Role: Worker}, Quit, "signal 28 (SIGWINCH) received, shutting down"},
		{syscall.SIGCHLD, NotifyOptions{}, ChildExited, "signal 17 (SIGCHLD) received"},
	} {
		log, l := newLog()
		c.opt.Log = func() *errlog.Logger { return log }
		s := &Signals{opt: c.opt}
		got := s.take(c.sig)
		want := c.log
		for _, n := range []struct {
			sig    syscall.Signal
			linux  int
			prefix string
		}{{syscall.SIGUSR1, 10, "signal "}, {syscall.SIGUSR2, 12, "signal "}, {syscall.SIGCHLD, 17, "signal "}} {
			if c.sig == n.sig { // the numbers differ between systems
				want = strings.Replace(want, fmt.Sprint(n.prefix, n.linux), fmt.Sprint(n.prefix, int(n.sig)), 1)
			}
		}
		if got != c.want || l.last() != want {
			t.Errorf("%v %+v: got %v %q, want %v %q", c.sig, c.opt.Role, got, l.last(), c.want, want)
		}
	}
}

func TestSignalsBecomeEvents(t *testing.T) {
	log, _ := newLog()
	s := Notify(NotifyOptions{Log: func() *errlog.Logger { return log }})
	for _, c := range []struct {
		sig  syscall.Signal
		want Event
	}{{syscall.SIGHUP, Reload}, {syscall.SIGUSR1, Reopen}, {syscall.SIGUSR2, Upgrade}, {syscall.SIGTERM, Terminate}, {syscall.SIGPIPE, 0}, {syscall.SIGQUIT, Quit}} {
		if err := syscall.Kill(os.Getpid(), c.sig); err != nil {
			t.Fatal(err)
		}
		if c.want == 0 {
			continue
		}
		select {
		case got := <-s.Events():
			if got != c.want {
				t.Errorf("%v: got %v, want %v", c.sig, got, c.want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%v: no event", c.sig)
		}
	}
	s.Close()
	if _, open := <-s.Events(); open {
		t.Error("events after Close")
	}
}

func TestEqualEventsAreMerged(t *testing.T) {
	s := &Signals{in: make(chan os.Signal), out: make(chan Event), stop: make(chan struct{}), closed: make(chan struct{})}
	go s.run()
	for range 5 {
		s.in <- syscall.SIGHUP
	}
	s.in <- syscall.SIGTERM
	if a, b := <-s.out, <-s.out; a != Reload || b != Terminate {
		t.Errorf("got %v and %v", a, b)
	}
	close(s.stop)
	<-s.closed
}

func TestLimitOpenFiles(t *testing.T) {
	n, _, err := OpenFiles()
	if err != nil || n == 0 {
		t.Fatalf("got %d, %v", n, err)
	}
	err = LimitOpenFiles(0, 1<<62)
	var op *errno.OpError
	if !errors.As(err, &op) || !strings.HasPrefix(err.Error(), "setrlimit(RLIMIT_NOFILE, 4611686018427387904) failed (") {
		t.Errorf("got %v", err)
	}
}
