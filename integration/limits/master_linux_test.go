package limits

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/internal/teststop"
)

// The cases of this file are about a master and its worker, which only the super-user gets.

// mastered is a server with a master. MORE is for what a case adds to the http block.
const mastered = `
-- nginx.conf --
user nobody nogroup;
pid logs/nginx.pid;
error_log logs/error.log notice;
events { worker_connections 64; }
http { include temp-paths.conf; MORE
server { listen %%ADDR%%; location / { return 200 "first"; } } }
`

// withMaster starts one. conf is its nginx.conf.
func withMaster(t *testing.T, more string) (s *site, conf string) {
	t.Helper()
	text := strings.Replace(mastered, "MORE", more, 1)
	s = start(t, tested(), setup{own: true, text: text})
	t.Cleanup(func() { // so that nothing that was stopped is left
		for _, pid := range s.workers() {
			_ = syscall.Kill(pid, syscall.SIGCONT) // it may have ended
		}
	})
	s.wantAnswer("first")
	s.eventually("the end of the start", func() bool { // a worker serves a moment before its master knows
		stderr, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/2", s.Pid()))
		return strings.HasSuffix(stderr, "error.log")
	})
	_, conf, _ = strings.Cut(text, "--\n")
	return s, conf
}

// wantAnswer waits until a new connection is answered with text.
func (s *site) wantAnswer(text string) {
	s.t.Helper()
	s.eventually("the answer "+text, func() bool {
		c := s.dial()
		c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		return strings.HasSuffix(c.receive(patience).text(), "\r\n\r\n"+text)
	})
}

// descriptorsOfMaster is how many descriptors the master alone has open.
func (s *site) descriptorsOfMaster() int {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.Pid()))
	must(s.t, err)
	return len(list)
}

// TestStoppedWorker: a worker that stands still while a configuration is sent to it that no socket buffer holds does not
// keep its master from taking that one, the next one, or the end. It finishes when it goes on.
func TestStoppedWorker(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Log("only the super-user gets a master")
		return
	}
	s, conf := withMaster(t, "")
	stopped := s.workers()[0]
	teststop.Stop(t, stopped)
	large := strings.Repeat("# "+strings.Repeat("x", 100)+"\n", 20_000)
	s.write("nginx.conf", strings.Replace(conf, "first", "second", 1)+large)
	s.signal(syscall.SIGHUP)
	s.wantAnswer("second")
	s.write("nginx.conf", strings.Replace(conf, "first", "third", 1)+large)
	s.signal(syscall.SIGHUP)
	s.wantAnswer("third")
	must(t, syscall.Kill(stopped, syscall.SIGCONT))
	s.eventually("the end of the one that stood still", func() bool { return len(s.workers()) == 1 && s.workers()[0] != stopped })
	if log := s.read("logs/error.log"); !strings.Contains(log, fmt.Sprintf("#%d: gracefully shutting down", stopped)) {
		t.Error("it did not finish what it had")
	}
	s.wantAnswer("third")
	s.signal(syscall.SIGQUIT)
	s.eventually("the end", func() bool { return errors.Is(syscall.Kill(s.Pid(), 0), syscall.ESRCH) })
}

// TestLogsOpenedForStoppedWorker: what waits for a worker that stands still is bounded, in descriptors too.
func TestLogsOpenedForStoppedWorker(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Log("only the super-user gets a master")
		return
	}
	const logs, signals = 20, 250
	var more strings.Builder
	for i := range logs {
		fmt.Fprintf(&more, "access_log logs/%d.log; ", i)
	}
	s, _ := withMaster(t, more.String())
	teststop.Stop(t, s.workers()[0])
	before, most := s.descriptorsOfMaster(), 0
	for i := range signals {
		s.signal(syscall.SIGUSR1)
		said := fmt.Sprintf("[notice] %d#%d: reopening logs", s.Pid(), s.Pid())
		s.eventually("the logs to be opened", func() bool { return strings.Count(s.read("logs/error.log"), said) > i })
		most = max(most, s.descriptorsOfMaster())
	}
	t.Logf("%d descriptors at first, %d at most", before, most)
	// One message is on its way, one waits, and one is being made.
	if most > before+3*(logs+2)+10 {
		t.Errorf("%d descriptors, %d after %d signals", before, most, signals)
	}
}

// TestEndComesFromWait: whichever process else has a worker's descriptors open, its end is noticed, and another takes its place.
func TestEndComesFromWait(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Log("only the super-user gets a master")
		return
	}
	s, _ := withMaster(t, "")
	worker := s.workers()[0]
	copies := s.copySockets(worker)
	if len(copies) < 2 {
		t.Fatalf("%d sockets", len(copies))
	}
	must(t, syscall.Kill(worker, syscall.SIGKILL))
	s.wantOther(worker)
}

// TestWorkerSpeaksUnasked: what a worker says counts only where it was asked. One that was taken over does not fill the log.
func TestWorkerSpeaksUnasked(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Log("only the super-user gets a master")
		return
	}
	for name, said := range map[string]string{
		"an answer":      "D\x00\x00\x00\x00\x00\x00\x00\x00",
		"a complaint":    "F\x00\x00\x00\x00\x00\x00\x00\x06forged",
		"a second hello": "H\x00\x00\x00\x00\x00\x00\x00\x00",
		"no kind":        "?\x00\x00\x00\x00\x00\x00\x00\x00",
		"a long body":    "F\x00\x00\x00\x00\x7f\xff\xff\xff",
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := withMaster(t, "")
			worker := s.workers()[0]
			for _, fd := range s.copySockets(worker) {
				if family, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN); err == nil && family == unix.AF_UNIX {
					_, err := unix.Write(fd, []byte(said))
					must(t, err)
				}
			}
			s.wantOther(worker)
			want := fmt.Sprintf("[alert] %d#%d: worker process %d sends what is no message, it is given up\n", s.Pid(), s.Pid(), worker)
			if log := s.read("logs/error.log"); !strings.Contains(log, want) || strings.Contains(log, "forged") {
				t.Errorf("the log lacks %q, or has what the worker said", want)
			}
		})
	}
}

// wantOther waits until another worker serves.
func (s *site) wantOther(worker int) {
	s.t.Helper()
	s.eventually("another worker", func() bool {
		list := s.processes()[1:]
		return len(list) == 1 && list[0] != worker
	})
	s.wantAnswer("first")
}

// copySockets makes copies of the sockets that a process has open. They are closed with the test.
func (s *site) copySockets(pid int) (copies []int) {
	s.t.Helper()
	pidfd, err := unix.PidfdOpen(pid, 0)
	must(s.t, err)
	defer func() { _ = unix.Close(pidfd) }()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	must(s.t, err)
	for _, link := range links {
		if to, _ := os.Readlink(link); !strings.HasPrefix(to, "socket:") {
			continue
		}
		n, err := strconv.Atoi(filepath.Base(link))
		must(s.t, err)
		fd, err := unix.PidfdGetfd(pidfd, n, 0)
		if errors.Is(err, unix.EBADF) {
			continue // it was closed meanwhile
		}
		must(s.t, err)
		s.t.Cleanup(func() { _ = unix.Close(fd) })
		copies = append(copies, fd)
	}
	return copies
}
