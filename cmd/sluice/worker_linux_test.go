package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/process"
)

// The tests in this file are about a master and its worker, which only the super-user gets. For anybody else the same
// configurations run in one process, and so do the tests, as far as they mean something there.

// privileged says whether there is going to be a worker.
func privileged() bool { return os.Geteuid() == 0 }

// worker is the process that serves: the only child of the master, or the master itself where there is none. A child that
// does not have a worker's title yet is not counted: before it first starts a program, Go's library makes a process that
// ends at once, to see whether the kernel can tell it of one, and the worker itself is a copy of its master at first.
func (in *instance) worker(master int) (pid int) {
	in.t.Helper()
	if !privileged() {
		return master
	}
	in.eventually("one worker", func() bool {
		list := children(master)
		if len(list) != 1 || !strings.HasPrefix(title(list[0]), process.TitleWorker) {
			return false
		}
		pid = list[0]
		return true
	})
	return pid
}

// proc reads a file of a process.
func proc(pid int, name string) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
	return string(text)
}

// title is what ps shows of a process.
func title(pid int) string {
	return strings.TrimRight(strings.ReplaceAll(proc(pid, "cmdline"), "\x00", " "), " ")
}

// field is a line of a process's status.
func field(pid int, name string) []string {
	for line := range strings.Lines(proc(pid, "status")) {
		if key, value, _ := strings.Cut(line, ":"); key == name {
			return strings.Fields(value)
		}
	}
	return nil
}

// restrict writes a file that only its owner may read, in a folder that only its owner may enter.
func (in *instance) restrict(name string, data []byte) {
	in.t.Helper()
	path := filepath.Join(in.prefix, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		in.t.Fatal(err)
	}
	_ = os.Remove(path)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		in.t.Fatal(err)
	}
}

// newCertificate writes another pair to private/, and returns the certificate.
func (in *instance) newCertificate() []byte {
	in.t.Helper()
	cert, key, err := newPair(time.Now())
	if err != nil {
		in.t.Fatal(err)
	}
	in.restrict("private/crt", cert)
	in.restrict("private/key", key)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		in.t.Fatal(err)
	}
	return pair.Certificate[0]
}

// ask makes a request over TLS.
func (in *instance) ask() {
	c, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", in.port), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
	_, _ = io.Copy(io.Discard, c)
}

// shows is the certificate that the server shows.
func (in *instance) shows() []byte {
	c, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", in.port), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return nil
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].Raw
}

// TestWorkerHasNoPrivileges: it serves with a key, from files and into logs that it may neither read nor open itself.
func TestWorkerHasNoPrivileges(t *testing.T) {
	in := newInstance(t, `daemon off;
error_log private/error.log notice;
events { }
include ../private/*.conf;
http {
	access_log private/access.log;
	server {
		listen 127.0.0.1:PORT ssl;
		ssl_certificate ../private/crt;
		ssl_certificate_key ../private/key;
		location / { return 200 secret; }
	}
}
`)
	in.restrict("private/more.conf", []byte("env FROM_MORE=1;\n"))
	cert := in.newCertificate()
	master, exit := in.start()
	worker := in.worker(master)
	in.eventually("the certificate", func() bool { return slices.Equal(in.shows(), cert) })
	if privileged() {
		assertUnprivileged(t, in, worker)
	}
	if want := "nginx: master process " + os.Args[0] + " -p " + in.prefix; title(master) != want {
		t.Errorf("title %q, want %q", title(master), want)
	}

	cert = in.newCertificate()
	_ = syscall.Kill(master, syscall.SIGHUP)
	in.eventually("the new certificate", func() bool { return slices.Equal(in.shows(), cert) })
	if again := in.worker(master); again != worker {
		t.Errorf("a reload has replaced worker %d by %d", worker, again)
	}

	for _, log := range []string{"error.log", "access.log"} {
		if err := os.Rename(filepath.Join(in.prefix, "private", log), filepath.Join(in.prefix, "private", log+".1")); err != nil {
			t.Fatal(err)
		}
	}
	_ = syscall.Kill(master, syscall.SIGUSR1)
	in.eventually("a line in the new log", func() bool { in.ask(); return in.read("private/access.log") != "" })
	if log := in.read("private/error.log.1"); !strings.Contains(log, fmt.Sprintf("%d#%d: reopening logs", worker, worker)) {
		t.Errorf("the worker's number is not in its lines: %s", log)
	}
	if privileged() {
		info, err := os.Stat(filepath.Join(in.prefix, "private", "access.log"))
		if err != nil || info.Sys().(*syscall.Stat_t).Uid != 65534 {
			t.Errorf("the new log does not belong to the worker's user: %v, %v", info, err)
		}
	}
	_ = syscall.Kill(master, syscall.SIGQUIT)
	in.wantExit(exit, 0)
	if left := in.pid(); left != 0 {
		t.Error("the pid file is left")
	}
}

// assertUnprivileged looks at what the system knows of a worker that runs as nobody.
func assertUnprivileged(t *testing.T, in *instance, worker int) {
	t.Helper()
	if got := title(worker); got != "nginx: worker process" {
		t.Errorf("title %q", got)
	}
	if got, want := proc(worker, "comm"), proc(os.Getpid(), "comm"); got != want {
		t.Errorf("the program is called %q, want %q", got, want)
	}
	four := func(id string) []string { return []string{id, id, id, id} }
	if uid, gid := field(worker, "Uid"), field(worker, "Gid"); !slices.Equal(uid, four("65534")) || !slices.Equal(gid, four("65534")) {
		t.Errorf("user %v, group %v", uid, gid)
	}
	if groups := field(worker, "Groups"); slices.Contains(groups, "0") {
		t.Errorf("groups %v", groups)
	}
	if caps := field(worker, "CapEff"); len(caps) != 1 || strings.Trim(caps[0], "0") != "" {
		t.Errorf("capabilities %v", caps)
	}
	if env := proc(worker, "environ"); !strings.Contains(env, "FROM_MORE=1\x00") || strings.Contains(env, "PATH=") {
		t.Errorf("environment %q", env)
	}
	if info, err := os.Stat(fmt.Sprintf("/proc/%d/mem", worker)); err != nil || info.Sys().(*syscall.Stat_t).Uid != 65534 {
		t.Errorf("the worker cannot leave a core: %v, %v", info, err)
	}
	// What the master has open for itself, such as the key's folder, is closed here.
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", worker))
	for _, fd := range fds {
		if to, _ := os.Readlink(fd); strings.HasPrefix(to, in.prefix) && !strings.HasSuffix(to, ".log") {
			t.Errorf("the worker has %s open", to)
		}
	}
	as := exec.Command("/bin/cat", filepath.Join(in.prefix, "private/key"))
	as.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if err := as.Run(); err == nil {
		t.Error("the worker's user can read the key, so the test shows nothing")
	}
}

// afterStart waits until a master knows that its worker serves, which that does a moment before.
func (in *instance) afterStart(master int) {
	in.t.Helper()
	in.eventually("the end of the start", func() bool {
		stderr, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/2", master))
		return strings.HasSuffix(stderr, "error.log")
	})
}

// TestCrashedWorkerIsReplaced: nobody is refused meanwhile.
func TestCrashedWorkerIsReplaced(t *testing.T) {
	if !privileged() {
		t.Log("one process has nobody who would start it again")
		return
	}
	in := newInstance(t, "daemon off;"+fmt.Sprintf(returns, "alive"))
	master, exit := in.start()
	in.eventually("an answer", func() bool { return in.get() == "alive" })
	in.afterStart(master)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", in.port), patience)
			if err != nil {
				t.Errorf("while the worker was replaced: %v", err)
				return
			}
			_ = c.Close()
		}
	})
	before := in.worker(master)
	for _, end := range []struct {
		sig  syscall.Signal
		said string // a regular expression
	}{
		{syscall.SIGKILL, `\[alert\] %d#%d: worker process %d exited on signal 9\n`},
		// As after a panic. The runtime prints what every goroutine does, also those
		// that go on meanwhile, and once in a hundred times trips over one.
		{syscall.SIGABRT, `(?:\[notice\] %d#%d: worker process %d exited with code 2|\[alert\] %[1]d#%[2]d: worker process %[3]d exited on signal 11)\n`},
		{syscall.SIGKILL, `\[alert\] %d#%d: worker process %d exited on signal 9\n`},
		{syscall.SIGTERM, `\[notice\] %d#%d: worker process %d exited with code 0\n`},
	} {
		_ = syscall.Kill(before, end.sig)
		in.eventually("another worker", func() bool {
			list := children(master)
			return len(list) == 1 && list[0] != before
		})
		in.eventually("an answer", func() bool { return in.get() == "alive" })
		log := in.read("logs/error.log")
		after := in.worker(master)
		for _, want := range []string{
			fmt.Sprintf(`signal 17 \(SIGCHLD\) received from %d\n`, before),
			fmt.Sprintf(end.said, master, master, before),
			fmt.Sprintf(`\[notice\] %d#%d: start worker process %d\n`, master, master, after),
		} {
			if !regexp.MustCompile(want).MatchString(log) {
				t.Errorf("the error log lacks %s, it says:\n%s", want, log)
			}
		}
		before = after
	}
	close(stop)
	wg.Wait()
	_ = syscall.Kill(master, syscall.SIGTERM)
	in.wantExit(exit, 0)
}

// TestWorkerReadsNothing: whatever kind of file a configuration names, the worker has it from its master; and a unix
// socket is its master's to remove.
func TestWorkerReadsNothing(t *testing.T) {
	conf := `daemon off;
events { }
http {
	include ../private/http/*.conf;
	upstream app { server localhost:1; }
	resolver localhost;
	log_format short $uri;
	access_log private/access.log short buffer=1k flush=1s;
	server {
		listen 127.0.0.1:PORT ssl;
		listen unix:PREFIX/conf/socket;
		include ../private/tls.conf;
		location /app { proxy_pass http://app; }
		location / { return 200 $answer; }
	}
}
`
	in := newInstance(t, conf)
	in.configure(strings.ReplaceAll(conf, "PREFIX", in.prefix))
	cert := in.newCertificate()
	in.restrict("private/http/map.conf", []byte("map $uri $answer { include ../private/values; }\n"))
	in.restrict("private/values", []byte("default here;\n"))
	in.restrict("private/passwords", []byte("one\ntwo\n"))
	in.restrict("private/tickets", make([]byte, 80))
	in.restrict("private/tls.conf", []byte(`
ssl_certificate ../private/crt;
ssl_certificate_key ../private/key;
ssl_password_file ../private/passwords;
ssl_session_ticket_key ../private/tickets;
ssl_client_certificate ../private/crt;
ssl_trusted_certificate ../private/crt;
ssl_verify_client optional_no_ca;
`))
	master, exit := in.start()
	in.eventually("the certificate", func() bool { return slices.Equal(in.shows(), cert) })
	socket := filepath.Join(in.prefix, "conf", "socket")
	if c, err := net.Dial("unix", socket); err != nil {
		t.Error(err)
	} else {
		_ = c.Close()
	}
	in.restrict("private/values", []byte("default there;\n"))
	cert = in.newCertificate()
	if code, said := in.run("-s", "reload"); code != 0 {
		t.Errorf("exit code %d, said %q", code, said)
	}
	in.eventually("the new certificate", func() bool { return slices.Equal(in.shows(), cert) })
	if privileged() {
		_ = syscall.Kill(in.worker(master), syscall.SIGKILL)
		in.eventually("another worker", func() bool { return slices.Equal(in.shows(), cert) })
	}
	_ = syscall.Kill(master, syscall.SIGQUIT)
	in.wantExit(exit, 0)
	if _, err := os.Lstat(socket); err == nil {
		t.Error("the unix socket is left")
	}
}
