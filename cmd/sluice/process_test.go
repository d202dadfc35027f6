package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

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
