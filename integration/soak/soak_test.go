package soak

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
	"github.com/sluiceproxy/sluice/internal/testport"
)

// size says how much of everything is done.
type size struct {
	full                      bool
	reloads, rotations, there int
	pace                      time.Duration
}

func sizeOf() size {
	if os.Getenv("SLUICE_SOAK") == "full" {
		return size{full: true, reloads: 200, rotations: 20, there: 5, pace: time.Millisecond}
	}
	return size{reloads: 12, rotations: 2, there: 1, pace: 2 * time.Millisecond}
}

func TestMain(m *testing.M) {
	if addr := os.Getenv(peerVariable); addr != "" {
		fmt.Fprintln(os.Stderr, servePeer(addr))
		os.Exit(1)
	}
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		panic(err)
	}
	if binaries, err = harness.FindBinaries(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir) // of no use to anybody
	os.Exit(code)
}

var ports = testport.New()

// TestReloads: reloads, a third of them with files that are broken, and log rotation.
func TestReloads(t *testing.T) {
	size := sizeOf()
	eachWay(t, func(t *testing.T, privileged bool) {
		s := newSite(t, ports, privileged)
		s.install(binaries.Tested)
		pid := s.start()
		// The first requests and reloads make what is kept: buffers, stacks, connections.
		warm := Start(s.addr, 100, 8, true, size.pace)
		for range 3 {
			s.reload(pid)
			s.reloadBroken(pid)
		}
		wantNoErrors(t, "at the start", warm.Stop())
		before := s.settled(pid)

		kept := Start(s.addr, 0, 8, true, size.pace)
		short := Start(s.addr, 50, 2, false, size.pace)
		wrk := startWrk(t, s, size)
		rotated := 0
		for i := range size.reloads {
			if i%3 == 2 {
				s.reloadBroken(pid)
			} else {
				s.reload(pid)
			}
			if i%(size.reloads/size.rotations) == 0 {
				rotated++
				s.rotate(pid, rotated)
			}
		}
		keptCounts, shortCounts := kept.Stop(), short.Stop()
		wantNoErrors(t, "kept connections", keptCounts)
		wantNoErrors(t, "short connections", shortCounts)
		if keptCounts.Connections != 8 {
			t.Errorf("8 clients needed %d connections", keptCounts.Connections)
		}
		wrk.want(t)
		after := s.settled(pid)
		t.Logf("memory: %d KB before, %d KB after %d reloads and %d rotations", before, after, size.reloads, rotated)
		if after > before+before/10*harness.Generosity {
			t.Errorf("memory: %d KB before, %d KB after", before, after)
		}
		s.quit(pid)
		s.wantLogged(warm.counts, keptCounts, shortCounts)
		wrk.wantLogged(t, s)
	})
}

// TestChangesOfTheBinary: from nginx to Sluice and back.
//
// nginx closes connections that wait for a request when it quits, whether or not a request is on its way. So clients that
// keep their connections run only while it is Sluice that has to go, where nothing may be lost; before nginx goes they
// leave. Clients with a connection per request run all the time, and nginx serves those to the end. What nginx does to
// kept connections by itself, TestNginxAlone measures beside.
func TestChangesOfTheBinary(t *testing.T) {
	size := sizeOf()
	eachWay(t, func(t *testing.T, privileged bool) {
		s := newSite(t, ports, privileged)
		s.install(binaries.Oracle)
		pid := s.start()
		short := Start(s.addr, 50, 4, false, size.pace)
		wrk := startWrk(t, s, size, "Connection: close")
		var kept []Counts
		for i := range size.there {
			short.More(50)
			s.install(binaries.Tested)
			pid = s.change(pid, i%2 == 1)
			load := Start(s.addr, 100+10*i, 8, true, size.pace)
			load.More(400)
			s.install(binaries.Oracle)
			pid = s.change(pid, i%2 == 0)
			load.More(200)
			counts := load.Stop()
			wantNoErrors(t, "kept connections from Sluice to nginx", counts)
			kept = append(kept, counts)
		}
		shortCounts := short.Stop()
		wantNoErrors(t, "short connections", shortCounts)
		wrk.want(t)
		s.quit(pid)
		s.wantLogged(append(kept, shortCounts)...)
		wrk.wantLogged(t, s)
	})
}

// TestReuseport: with reuseport nginx has a socket for each of its workers, and hands them all over.
func TestReuseport(t *testing.T) {
	size := sizeOf()
	eachWay(t, func(t *testing.T, privileged bool) {
		s := newSite(t, ports, privileged)
		s.text = strings.Replace(s.text, "; location", " reuseport; location", 1)
		s.configure()
		s.install(binaries.Oracle)
		pid := s.start()
		short := Start(s.addr, 50, 8, false, size.pace)
		for i, next := range []string{binaries.Tested, binaries.Tested, binaries.Oracle} {
			short.More(100)
			s.install(next)
			pid = s.change(pid, i%2 == 0)
		}
		short.More(100)
		counts := short.Stop()
		wantNoErrors(t, "short connections", counts)
		s.quit(pid)
		s.wantLogged(counts)
		if !threeInherited.MatchString(s.read("logs/error.log")) {
			t.Error("nginx did not hand over a socket for each worker")
		}
	})
}

// threeInherited is the line of a server that got both sockets of the address with reuseport, and that of the other.
var threeInherited = regexp.MustCompile(`using inherited sockets from "(\d+;){3}"`)

// TestSluiceAfterSluice: an update of Sluice itself, with kept connections all the time.
func TestSluiceAfterSluice(t *testing.T) {
	size := sizeOf()
	eachWay(t, func(t *testing.T, privileged bool) {
		s := newSite(t, ports, privileged)
		s.install(binaries.Tested)
		pid := s.start()
		kept, short := Start(s.addr, 0, 8, true, size.pace), Start(s.addr, 50, 2, false, size.pace)
		for i := range 2 * size.there {
			kept.More(400)
			s.install(binaries.Tested)
			pid = s.change(pid, i%2 == 0)
		}
		kept.More(200)
		keptCounts, shortCounts := kept.Stop(), short.Stop()
		wantNoErrors(t, "kept connections", keptCounts)
		wantNoErrors(t, "short connections", shortCounts)
		s.quit(pid)
		s.wantLogged(keptCounts, shortCounts)
	})
}

// TestNginxAlone shows what nginx does to the same load when it succeeds itself. It is no part of what is promised here.
func TestNginxAlone(t *testing.T) {
	size := sizeOf()
	s := newSite(t, ports, false)
	s.install(binaries.Oracle)
	pid := s.start()
	kept, short := Start(s.addr, 0, 8, true, size.pace), Start(s.addr, 50, 2, false, size.pace)
	for i := range 2 * size.there {
		kept.More(400)
		s.install(binaries.Oracle)
		pid = s.change(pid, i%2 == 0)
	}
	for name, l := range map[string]*Load{"kept": kept, "short": short} {
		c := l.Stop()
		t.Logf("nginx after nginx, %s connections: %d requests, errors: %v", name, c.Total(), c.Errors)
	}
	s.quit(pid)
}

// wrk is a run of wrk(1) beside the other clients, in the full form only.
type wrk struct {
	cmd  *exec.Cmd
	said strings.Builder
	once sync.Once
}

// wrkConnections is how many requests may be under way when wrk ends.
const wrkConnections = 16

// startWrk starts it; it runs until want.
func startWrk(t *testing.T, s *site, size size, fields ...string) *wrk {
	t.Helper()
	if !size.full {
		return nil
	}
	args := []string{"-t", "1", "-c", strconv.Itoa(wrkConnections), "-d", "1200s", "http://" + s.addr + "/wrk"}
	for _, f := range fields {
		args = append([]string{"-H", f}, args...)
	}
	w := &wrk{cmd: exec.Command("wrk", args...)}
	w.cmd.Stdout, w.cmd.Stderr = &w.said, &w.said
	must(t, w.cmd.Start())
	t.Cleanup(w.end)
	return w
}

// end interrupts wrk, which then says what it has counted.
func (w *wrk) end() {
	w.once.Do(func() {
		_ = w.cmd.Process.Signal(os.Interrupt) // if it has ended, it has said why
		_ = w.cmd.Wait()
	})
}

var wrkCount = regexp.MustCompile(`(\d+) requests in`)

// want ends wrk and wants it to have seen no error.
func (w *wrk) want(t *testing.T) {
	t.Helper()
	if w == nil {
		return
	}
	w.end()
	said := w.said.String()
	t.Logf("wrk:\n%s", said)
	if !wrkCount.MatchString(said) || strings.Contains(said, "Socket errors") || strings.Contains(said, "Non-2xx") {
		t.Errorf("wrk has seen errors:\n%s", said)
	}
}

// wantLogged compares the access logs with wrk's count. It leaves in the middle of a request.
func (w *wrk) wantLogged(t *testing.T, s *site) {
	t.Helper()
	if w == nil {
		return
	}
	out, err := exec.Command("sh", "-c", "cat "+s.path("logs")+"/access.log* | grep -c '^/wrk 200'").Output()
	must(t, err)
	lines, err := strconv.Atoi(strings.TrimSpace(string(out)))
	must(t, err)
	count, err := strconv.Atoi(wrkCount.FindStringSubmatch(w.said.String())[1])
	must(t, err)
	t.Logf("wrk: %d requests, %d lines", count, lines)
	if lines < count || lines > count+wrkConnections {
		t.Errorf("wrk: %d requests, %d lines", count, lines)
	}
}
