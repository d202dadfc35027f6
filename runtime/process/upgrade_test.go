package process

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// notes is a log that keeps its records, without time and process.
type notes struct{ bytes.Buffer }

func (n *notes) WriteRecord(_ errlog.Level, rec []byte) {
	_, text, _ := strings.Cut(string(rec), "[")
	level, text, _ := strings.Cut(text, "] ")
	_, text, _ = strings.Cut(text, ": ")
	n.WriteString("[" + level + "] " + text)
}

func (n *notes) logger() *errlog.Logger {
	return errlog.New(errlog.Config{Outputs: []errlog.Output{{Sink: n, Threshold: errlog.Threshold{Level: errlog.Notice}}}})
}

// want compares the log with lines in which PID stands for any number.
func (n *notes) want(t *testing.T, lines ...string) {
	t.Helper()
	got := strings.Split(strings.TrimSuffix(n.String(), "\n"), "\n")
	match := func(line, want string) bool {
		before, after, ok := strings.Cut(want, "PID")
		if !ok {
			return line == want
		}
		return strings.HasPrefix(line, before) && strings.HasSuffix(line, after)
	}
	if !slices.EqualFunc(got, lines, match) {
		t.Errorf("logged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

func TestParseSockets(t *testing.T) {
	rest := func(s string) string {
		return `invalid socket number "` + s + `" in NGINX environment variable, ignoring the rest of the variable`
	}
	ignored := func(s string) string {
		return `invalid socket number "` + s + `" in NGINX environment variable, ignoring`
	}
	for _, tc := range []struct {
		list     string
		fds      []int
		problems []string
	}{
		{"", nil, nil},
		{"6;", []int{6}, nil},
		{"6;7;12;", []int{6, 7, 12}, nil},
		{"6:7;", []int{6, 7}, nil},
		{"6;7", []int{6}, []string{ignored("7")}},
		{"6;x;8;", []int{6}, []string{rest("x;8;"), ignored("x;8;")}},
		{";", nil, []string{rest(";"), ignored(";")}},
		{"-1;", nil, []string{rest("-1;"), ignored("-1;")}},
		{"99999999999999999999;", nil, []string{rest("99999999999999999999;"), ignored("99999999999999999999;")}},
	} {
		t.Run(tc.list, func(t *testing.T) {
			var problems []string
			fds := parseSockets(tc.list, func(p string) { problems = append(problems, p) })
			if !slices.Equal(fds, tc.fds) || !slices.Equal(problems, tc.problems) {
				t.Errorf("%v %q, want %v %q", fds, problems, tc.fds, tc.problems)
			}
		})
	}
}

func FuzzParseSockets(f *testing.F) {
	for _, s := range []string{"", "6;7;", "6:x", ";;", "2147483648;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		for _, fd := range parseSockets(list, func(string) {}) {
			if fd < 0 {
				t.Errorf("%d", fd)
			}
		}
	})
}

// playHeir is the new binary: it answers one connection on the first socket it
// was given, and ends as it is told there.
func playHeir() int {
	log := &notes{}
	fds, ok := InheritedSockets(log.logger())
	_, again := InheritedSockets(nil)
	if !ok || again || len(fds) != 2 {
		return 10
	}
	accept := func(fd int) *net.TCPConn {
		ln, err := net.FileListener(os.NewFile(uintptr(fd), "listener"))
		if err != nil {
			return nil
		}
		c, err := ln.Accept()
		if err != nil {
			return nil
		}
		return c.(*net.TCPConn)
	}
	first := accept(fds[0])
	fmt.Fprint(first, log.String(), NewChangeover(true, false).OldRuns(), NewChangeover(true, false).Shared())
	_ = first.CloseWrite()
	second := accept(fds[1])
	how, _ := io.ReadAll(second)
	if string(how) == "die" {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return len(how)
}

func TestChangeover(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	t.Setenv(roleEnv, "inheritor")
	for _, tc := range []struct{ name, how, want string }{
		{"ends", "by", "[notice] new binary process PID exited with code 2"},
		{"is killed", "die", "[alert] new binary process PID exited on signal 9"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := WritePID(pidFile); err != nil {
				t.Fatal(err)
			}
			lns, fds := twoListeners(t)
			log := &notes{}
			c := NewChangeover(false, true)
			if c.Busy() || c.Shared() || c.PIDFile(pidFile) != pidFile {
				t.Error("a change is under way before the first")
			}
			c.Start(log.logger(), pidFile, fds)
			if !c.Busy() || !c.Shared() || !c.NewRuns() || c.OldRuns() || c.PIDFile(pidFile) != pidFile+".oldbin" {
				t.Error("no change is under way")
			}
			if _, err := os.Stat(pidFile); !os.IsNotExist(err) {
				t.Errorf("the pid file is still there: %v", err)
			}
			if pid, err := ReadPID(pidFile + ".oldbin"); pid != os.Getpid() {
				t.Errorf("%d in the old pid file, %v", pid, err)
			}
			said := ask(t, lns[0], "")
			if want := "[notice] using inherited sockets from \"3;4;\"\ntrue true"; said != want {
				t.Errorf("the new binary said %q", said)
			}
			ask(t, lns[1], tc.how)
			c.Ended(log.logger(), pidFile, <-c.Exited())
			if pid, _ := ReadPID(pidFile); c.Busy() || pid != os.Getpid() {
				t.Errorf("busy %v, pid file %d", c.Busy(), pid)
			}
			log.want(t, "[notice] start new binary process PID", tc.want)
		})
	}
}

func TestChangeoverThatFails(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	name := os.Args[0]
	defer func() { os.Args[0] = name }()
	os.Args[0] = pidFile + "/missing"
	log := &notes{}
	c := NewChangeover(false, true)
	c.Start(log.logger(), pidFile, nil)
	if err := WritePID(pidFile); err != nil {
		t.Fatal(err)
	}
	c.Start(log.logger(), pidFile, nil)
	if _, err := os.Stat(pidFile); c.Busy() || err != nil {
		t.Errorf("busy %v, pid file: %v", c.Busy(), err)
	}
	log.want(
		t,
		"[alert] rename() "+pidFile+" to "+pidFile+`.oldbin failed before executing new binary process "`+os.Args[0]+`" (2: No such file or directory)`,
		`[alert] execve() failed while executing new binary process "`+os.Args[0]+`" (2: No such file or directory)`,
	)
}

// TestChangeoverInTheForeground: nginx takes whoever started it for an old
// binary, as long as that one is there.
func TestChangeoverInTheForeground(t *testing.T) {
	if c := NewChangeover(false, false); !c.Busy() || c.Shared() {
		t.Errorf("busy %v, shared %v", c.Busy(), c.Shared())
	}
}

func twoListeners(t *testing.T) (lns []*net.TCPListener, fds []int) {
	t.Helper()
	for range 2 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f, err := ln.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = ln.Close(), f.Close() })
		lns, fds = append(lns, ln.(*net.TCPListener)), append(fds, int(f.Fd()))
	}
	return lns, fds
}

// ask connects, says something and returns the answer.
func ask(t *testing.T, ln *net.TCPListener, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, text)
	_ = c.(*net.TCPConn).CloseWrite()
	said, _ := io.ReadAll(c)
	return string(said)
}
