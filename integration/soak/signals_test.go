package soak

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// seeds are orders of signals. SLUICE_SOAK_SEED is another one, alone.
func seeds(t *testing.T) []uint64 {
	t.Helper()
	if text := os.Getenv("SLUICE_SOAK_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		must(t, err)
		return []uint64{n}
	}
	n := uint64(3)
	if sizeOf().full {
		n = 25
	}
	var all []uint64
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

// processes finds what runs the installed server, whatever it calls itself.
func (s *site) processes() (pids []int) {
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	must(s.t, err)
	for _, link := range links {
		path, _ := os.Readlink(link) // a process may have gone
		if strings.HasPrefix(path, s.path("server")) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(link))) // the pattern says so
			if !gone(pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// masters are those of processes that no other of them has started as a worker.
func (s *site) masters() (pids []int) {
	for _, pid := range s.processes() {
		title, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // a process may have gone
		if !strings.HasPrefix(string(title), "nginx: worker process") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// TestSignals sends signals in random order to servers under load, up to the end of the last of them.
func TestSignals(t *testing.T) {
	eachWay(t, func(t *testing.T, privileged bool) {
		for _, seed := range seeds(t) {
			t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
				s := newSite(t, ports, privileged)
				s.install(binaries.Tested)
				s.start()
				random := rand.New(rand.NewPCG(seed, 0))
				kept := Start(s.addr, 0, 4, true, time.Millisecond)
				short := Start(s.addr, 50, 2, false, time.Millisecond)
				s.disturb(random, 30)
				keptCounts, shortCounts := kept.Stop(), short.Stop()
				wantNoErrors(t, "kept connections", keptCounts)
				wantNoErrors(t, "short connections", shortCounts)
				s.endAll(random)
				s.wantLogged(keptCounts, shortCounts)
			})
		}
	})
}

// disturb sends signals that no request may notice, and leaves a server that accepts.
func (s *site) disturb(random *rand.Rand, n int) {
	s.t.Helper()
	signals := []syscall.Signal{
		syscall.SIGHUP, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGCHLD,
	}
	said := ""
	for range n {
		// Those that have a pid file: before that a signal ends a process, as it ends nginx.
		for _, file := range []string{"logs/nginx.pid", "logs/nginx.pid.oldbin"} {
			pid, err := strconv.Atoi(strings.TrimSpace(s.read(file)))
			if err != nil || random.IntN(2) == 0 {
				continue
			}
			sig := signals[random.IntN(len(signals))]
			said += fmt.Sprintf(" %d:%d", pid, int(sig))
			_ = syscall.Kill(pid, sig) // it may have ended
		}
		time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
	}
	s.t.Logf("signals:%s", said)
	s.eventually("a server that accepts", func() bool {
		for _, file := range []string{"logs/nginx.pid", "logs/nginx.pid.oldbin"} {
			if pid, err := strconv.Atoi(strings.TrimSpace(s.read(file))); err == nil {
				_ = syscall.Kill(pid, syscall.SIGHUP) // it may have ended
			}
		}
		return s.answers(s.generation, attempt)
	})
}

// endAll ends all servers of the site, in any order and more than once, and looks at what they leave.
func (s *site) endAll(random *rand.Rand) {
	s.t.Helper()
	signals := []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGQUIT, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1}
	s.eventually("the end of all processes", func() bool {
		for _, pid := range s.masters() {
			_ = syscall.Kill(pid, signals[random.IntN(len(signals))]) // it may have ended
		}
		return len(s.processes()) == 0
	})
	for _, file := range []string{"logs/nginx.pid", "logs/nginx.pid.oldbin"} {
		if text := s.read(file); text != "" {
			s.t.Errorf("%s is left, with %q", file, text)
		}
	}
}

// TestSignalsFromTheStart sends signals to a process from its birth on. It may die of the first ones, as nginx does, but
// leaves nothing behind, and it ends when it is told to.
func TestSignalsFromTheStart(t *testing.T) {
	eachWay(t, func(t *testing.T, privileged bool) {
		for _, seed := range seeds(t) {
			t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
				s := newSite(t, ports, privileged)
				s.install(binaries.Tested)
				random := rand.New(rand.NewPCG(seed, 1))
				cmd := s.command("-g", "daemon off;")
				must(t, cmd.Start())
				ended := make(chan error, 1)
				go func() { ended <- cmd.Wait() }()
				signals := []syscall.Signal{syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGTERM, syscall.SIGQUIT}
				for n := 10 + random.IntN(30); n > 0; n-- {
					time.Sleep(time.Duration(random.IntN(4000)) * time.Microsecond)
					last := 4 // the first half of the time without those that end it
					if n < 10 {
						last = len(signals)
					}
					_ = cmd.Process.Signal(signals[random.IntN(last)]) // it may have ended
				}
				_ = cmd.Process.Signal(syscall.SIGQUIT) // it may have ended
				select {
				case <-ended:
				case <-time.After(patience):
					t.Error("it did not end")
				}
				s.endAll(random)
			})
		}
	})
}
