package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// inBothModes runs a test with a master and a worker, for which it takes the super-user, and in one process.
func inBothModes(t *testing.T, test func(t *testing.T, main string)) {
	for _, mode := range []string{"on", "off"} {
		t.Run("master_process "+mode, func(t *testing.T) {
			test(t, "master_process "+mode+";\n")
		})
	}
}

func TestReloadTellsItsResult(t *testing.T) {
	inBothModes(t, func(t *testing.T, main string) {
		in := newInstance(t, main+fmt.Sprintf(returns, "one"))
		in.startDaemon()
		in.configure(main + strings.Replace(fmt.Sprintf(returns, "two"), "listen ", "listen 192.0.2.1:80; listen ", 1))
		want := "nginx: [emerg] bind() to 192.0.2.1:80 failed (99: Cannot assign requested address)\n"
		if code, said := in.run("-s", "reload"); code != 1 || said != want {
			t.Errorf("exit code %d, said %q", code, said)
		}
		if got := in.get(); got != "one" {
			t.Errorf("answer %q", got)
		}
		in.configure(main + fmt.Sprintf(returns, "three"))
		// It has happened when the command ends.
		if code, said := in.run("-s", "reload"); code != 0 || said != "" || in.get() != "three" {
			t.Errorf("exit code %d, said %q, answer %q", code, said, in.get())
		}
		in.wantEnd(in.pid())
	})
}

// startDaemon starts a server in the background.
func (in *instance) startDaemon() {
	in.t.Helper()
	if code, said := in.run(); code != 0 || said != "" {
		in.t.Fatalf("exit code %d, said %q", code, said)
	}
	in.killLater(in.pid())
}

func (in *instance) killLater(pid int) {
	in.t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
}

// wantEnd ends a server gracefully.
func (in *instance) wantEnd(pid int) {
	in.t.Helper()
	_ = syscall.Kill(pid, syscall.SIGQUIT)
	in.eventually("the end of the server", func() bool { return gone(pid) })
}

// gone tells whether a process has ended, though perhaps nobody has asked how. Its first thread may have ended before the
// others, on which its children then still depend.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) == syscall.ESRCH
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	return strings.HasPrefix(state, "Z") && len(threads) <= 1
}

func TestUpgrade(t *testing.T) {
	inBothModes(t, func(t *testing.T, main string) {
		in := newInstance(t, main+fmt.Sprintf(returns, "one"))
		socket := filepath.Join(in.prefix, "s")
		listening := func(answer string) string {
			return main + strings.Replace(fmt.Sprintf(returns, answer), "listen ", "listen unix:"+socket+"; listen ", 1)
		}
		in.configure(listening("one"))
		in.startDaemon()
		first := in.pid()
		answers := func() string { // of connections that any of the binaries may have taken
			seen := map[string]bool{}
			for range 20 {
				seen[in.get()] = true
			}
			return fmt.Sprint(seen)
		}

		// A binary that cannot start leaves everything as it was.
		in.configure("events { } foo;")
		_ = syscall.Kill(first, syscall.SIGUSR2)
		in.eventually("the end of the new binary", func() bool {
			return strings.Contains(in.read("logs/error.log"), "exited with code 1") && in.pid() == first
		})

		in.configure(listening("two"))
		_ = syscall.Kill(first, syscall.SIGUSR2)
		in.eventually("the new binary", func() bool { return in.pid() != first && in.pid() != 0 })
		second := in.pid()
		in.killLater(second)
		if old := in.read("logs/nginx.pid.oldbin"); old != fmt.Sprintln(first) {
			t.Errorf("the old number: %q", old)
		}
		_ = syscall.Kill(first, syscall.SIGUSR2)
		in.eventually("the refusal", func() bool { return strings.Contains(in.read("logs/error.log"), "signal is ignored") })

		_ = syscall.Kill(first, syscall.SIGWINCH)
		in.eventually("only the new binary", func() bool { return answers() == "map[two:true]" })
		_ = syscall.Kill(first, syscall.SIGHUP)
		_ = syscall.Kill(second, syscall.SIGWINCH)
		in.eventually("only the old binary", func() bool { return answers() == "map[one:true]" })

		// The new one goes: the old one is as it was.
		in.wantEnd(second)
		in.eventually("the pid file", func() bool { return in.pid() == first && in.read("logs/nginx.pid.oldbin") == "" })
		if _, err := os.Stat(socket); err != nil {
			t.Errorf("the unix socket: %v", err)
		}

		// The old one goes: the new one stays.
		_ = syscall.Kill(first, syscall.SIGUSR2)
		in.eventually("the third binary", func() bool { return in.pid() != first && in.pid() != 0 })
		third := in.pid()
		in.killLater(third)
		in.eventually("its answer", func() bool { return in.get() == "two" })
		in.wantEnd(first)
		if got := in.read("logs/nginx.pid.oldbin"); got != "" || in.pid() != third || answers() != "map[two:true]" {
			t.Errorf("old number %q, pid %d, answers %s", got, in.pid(), answers())
		}
		if _, err := os.Stat(socket); err != nil {
			t.Errorf("the unix socket: %v", err)
		}
		in.wantEnd(third)
		if _, err := os.Stat(socket); err == nil || in.pid() != 0 {
			t.Errorf("left: the socket %v, pid %d", err == nil, in.pid())
		}
		// The number of the new process is known once that runs: which of the two says its line first is open.
		in.wantLog("changing binary\n", "using inherited sockets from \"3;4;\"", "exited with code 1")
		in.wantLog(
			"changing binary\n", "start new binary process", "exited with code 1",
			"the changing binary signal is ignored", "stop accepting connections", "gracefully shutting down",
		)
	})
}

// TestQuitAnswersIdleConnections: a request that arrives just after the signal is answered, and that was the last one.
func TestQuitAnswersIdleConnections(t *testing.T) {
	inBothModes(t, func(t *testing.T, main string) {
		in := newInstance(t, main+fmt.Sprintf(returns, "here"))
		in.startDaemon()
		pid := in.pid()
		kept, fresh, long := in.dial(), in.dial(), in.dial()
		if resp := ask(t, long); resp.Close {
			t.Fatal("the server keeps no connections")
		}
		// Longer than the grace of docs/adr/0013, so it is closed at once.
		idle := time.Now()
		in.eventually("some idleness", func() bool { return time.Since(idle) > 700*time.Millisecond })
		if resp := ask(t, kept); resp.Close {
			t.Fatal("the server keeps no connections")
		}
		fresh2 := in.dial()
		_ = syscall.Kill(pid, syscall.SIGQUIT)
		in.eventually("the signal", func() bool { return strings.Contains(in.read("logs/error.log"), "gracefully shutting down") })
		for name, c := range map[string]*client{"kept": kept, "fresh": fresh2} {
			if resp := ask(t, c); resp.StatusCode != http.StatusOK || !resp.Close {
				t.Errorf("%s: status %d, close %v", name, resp.StatusCode, resp.Close)
			}
		}
		for name, c := range map[string]*client{"idle": long, "without a request": fresh} {
			if _, err := c.in.ReadByte(); err != io.EOF {
				t.Errorf("%s: %v", name, err)
			}
		}
		in.eventually("the end", func() bool { return gone(pid) })
	})
}

// TestKeepaliveMinTimeout: with it a connection stays for longer, whatever happens. A request that comes then begins when
// it comes.
func TestKeepaliveMinTimeout(t *testing.T) {
	inBothModes(t, func(t *testing.T, main string) {
		in := newInstance(t, main+strings.Replace(fmt.Sprintf(returns, "$request_time"), "listen ", "keepalive_min_timeout 5s; listen ", 1))
		in.startDaemon()
		pid := in.pid()
		asks, silent := in.dial(), in.dial()
		ask(t, asks)
		ask(t, silent)
		idle := time.Now()
		in.eventually("some idleness", func() bool { return time.Since(idle) > 700*time.Millisecond })
		_ = syscall.Kill(pid, syscall.SIGQUIT)
		in.eventually("the signal", func() bool { return strings.Contains(in.read("logs/error.log"), "gracefully shutting down") })
		told := time.Now()
		in.eventually("some more", func() bool { return time.Since(told) > 500*time.Millisecond })
		asked := time.Now()
		resp := ask(t, asks)
		waited := time.Since(asked)
		if resp.StatusCode != http.StatusOK || !resp.Close {
			t.Errorf("status %d, close %v", resp.StatusCode, resp.Close)
		}
		text, _ := io.ReadAll(resp.Body)
		if took, err := strconv.ParseFloat(string(text), 64); err != nil || took > waited.Seconds()+0.1 {
			t.Errorf("the request took %s s, for which its client waited for %v", text, waited)
		}
		if _, err := silent.in.ReadByte(); err != io.EOF || time.Since(idle) < 4500*time.Millisecond {
			t.Errorf("closed after %v with %v", time.Since(idle), err)
		}
		in.eventually("the end", func() bool { return gone(pid) })
	})
}

type client struct {
	net.Conn
	in *bufio.Reader
}

func (in *instance) dial() *client {
	in.t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", in.port))
	if err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return &client{c, bufio.NewReader(c)}
}

func ask(t *testing.T, c *client) *http.Response {
	t.Helper()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp
}
