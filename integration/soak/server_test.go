package soak

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
	"github.com/sluiceproxy/sluice/internal/testport"
)

// patience bounds every wait. It only matters to a test that fails.
const patience = 2 * time.Minute

// binaries are the two servers, found once.
var binaries *harness.Binaries

// configuration is understood by nginx and by Sluice. GENERATION tells one state of it from another.
const configuration = `
worker_processes 2;
%s
error_log logs/error.log notice;
pid logs/nginx.pid;
events { worker_connections 1024; }
http {
    include temp-paths.conf;
    log_format uri '$request_uri $status';
    access_log logs/access.log uri;
    keepalive_requests 100000000;
    upstream app { zone app 64k; server 127.0.0.1:%[3]d; keepalive 8; }
    server { listen 127.0.0.1:%[2]d; location / { return 200 "generation GENERATION\n"; } }
    server { listen 127.0.0.1:%[3]d; access_log off; location / { return 200 "generation GENERATION\n"; } }
}
`

// site is a folder with a configuration, and the servers that run there, one after the other, under one name.
type site struct {
	t          *testing.T
	dir        string
	addr       string
	privileged bool
	text       string
	generation int
	complaints int
	pids       []int
}

// eachWay runs a test as an ordinary user and, where that is possible, as root.
func eachWay(t *testing.T, test func(t *testing.T, privileged bool)) {
	t.Run("ordinary user", func(t *testing.T) { test(t, false) })
	if os.Getuid() == 0 {
		t.Run("root", func(t *testing.T) { test(t, true) })
	}
}

func newSite(t *testing.T, ports *testport.Ports, privileged bool) *site {
	t.Helper()
	p, err := ports.Take(2)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "soak") //nolint:usetesting // an ordinary user cannot get into t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, dir: dir, addr: testport.Addr(p[0]), privileged: privileged}
	t.Cleanup(s.clean)
	user := ""
	if privileged {
		user = "user nobody nogroup;"
	}
	s.text = fmt.Sprintf(configuration, user, p[0], p[1])
	must(t, os.Chmod(dir, 0o755))
	must(t, os.Mkdir(s.path("logs"), 0o755))
	s.configure()
	return s
}

// clean ends what still runs and shows the error log of a test that failed.
func (s *site) clean() {
	for _, pid := range append(s.pids, s.pid()) {
		if pid > 1 && !gone(pid) {
			for _, child := range childrenOf(pid) {
				_ = syscall.Kill(child, syscall.SIGKILL)
			}
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	if s.t.Failed() {
		log := s.read("logs/error.log")
		s.t.Logf("the end of the error log:\n%s", log[max(0, len(log)-4000):])
	}
	_ = os.RemoveAll(s.dir) // of no use to anybody
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) read(name string) string {
	b, _ := os.ReadFile(s.path(name)) // what is not there is empty
	return string(b)
}

// write replaces a file at once, as a good deployment does.
func (s *site) write(name, text string) {
	s.t.Helper()
	must(s.t, os.WriteFile(s.path(name+".new"), []byte(text), 0o644))
	must(s.t, os.Rename(s.path(name+".new"), s.path(name)))
}

// configure writes the configuration of the next generation.
func (s *site) configure() {
	s.generation++
	s.write("nginx.conf", strings.ReplaceAll(s.text, "GENERATION", strconv.Itoa(s.generation)))
}

// install puts a server where the next start, and the next change of the binary, finds it.
func (s *site) install(binary string) {
	s.t.Helper()
	b, err := os.ReadFile(binary)
	must(s.t, err)
	must(s.t, os.WriteFile(s.path("server.new"), b, 0o755))
	must(s.t, os.Rename(s.path("server.new"), s.path("server")))
	s.write(harness.TempPathsFile, binaries.TempPaths[binary])
}

// command is the installed server with arguments that every one of them takes.
func (s *site) command(args ...string) *exec.Cmd {
	args = append([]string{"-p", s.dir + "/", "-c", "nginx.conf", "-e", "logs/error.log"}, args...)
	cmd := exec.Command(s.path("server"), args...)
	cmd.Dir = s.dir
	if !s.privileged {
		must(s.t, harness.GiveAway(s.dir))
		cmd.SysProcAttr = harness.Unprivileged()
	}
	return cmd
}

// start starts the installed server, which goes into the background.
func (s *site) start() int {
	s.t.Helper()
	var said bytes.Buffer
	cmd := s.command()
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("%v: %s", err, &said)
	}
	s.eventually("a pid file", func() bool { return s.pid() != 0 })
	return s.running()
}

// running notes the server that runs now.
func (s *site) running() int {
	s.pids = append(s.pids, s.pid())
	return s.pid()
}

func (s *site) pid() int {
	n, _ := strconv.Atoi(strings.TrimSpace(s.read("logs/nginx.pid"))) // 0 for none
	return n
}

func (s *site) eventually(what string, ok func() bool) {
	s.t.Helper()
	if !harness.Eventually(patience, ok) {
		s.t.Fatalf("waited in vain for %s", what)
	}
}

// reload has the server with this number take the next generation, and waits for it.
func (s *site) reload(pid int) {
	s.t.Helper()
	s.configure()
	must(s.t, syscall.Kill(pid, syscall.SIGHUP))
	s.eventually("a new generation", func() bool { return s.answers(s.generation, attempt) })
}

// reloadBroken has the server read a file that it cannot take, and waits for its complaint.
func (s *site) reloadBroken(pid int) {
	s.t.Helper()
	good := s.read("nginx.conf")
	broken := []string{"%s\nhttp { foo on; }", "%s\nhttp {", "%s\nevents { } }", "include missing.conf;\n%s"}
	s.write("nginx.conf", fmt.Sprintf(broken[s.complaints%len(broken)], good))
	before := strings.Count(s.read("logs/error.log"), "[emerg]")
	s.complaints++
	must(s.t, syscall.Kill(pid, syscall.SIGHUP))
	s.eventually("a complaint", func() bool { return strings.Count(s.read("logs/error.log"), "[emerg]") > before })
	s.write("nginx.conf", good)
	if !s.answers(s.generation, patience) {
		s.t.Error("a broken file changed something")
	}
}

// attempt bounds a request that is made again: a server that does not accept at the moment does not refuse it.
const attempt = time.Second

// answers tells whether a new connection meets this generation, within limit.
func (s *site) answers(generation int, limit time.Duration) bool {
	client := http.Client{Timeout: limit, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + s.addr + "/look")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return string(body) == fmt.Sprintf("generation %d\n", generation)
}

// rotate moves the access log away and has the server open another.
func (s *site) rotate(pid, n int) {
	s.t.Helper()
	must(s.t, os.Rename(s.path("logs/access.log"), s.path(fmt.Sprintf("logs/access.log.%d", n))))
	must(s.t, syscall.Kill(pid, syscall.SIGUSR1))
	s.eventually("a new access log", func() bool { _, err := os.Stat(s.path("logs/access.log")); return err == nil })
}

// change has the installed server succeed the one with this number, with or without WINCH before QUIT.
func (s *site) change(pid int, winch bool) int {
	s.t.Helper()
	must(s.t, syscall.Kill(pid, syscall.SIGUSR2))
	s.eventually("the new binary", func() bool { n := s.pid(); return n != 0 && n != pid })
	next := s.running()
	s.eventually("its workers", func() bool { return s.serves(next) })
	if winch {
		must(s.t, syscall.Kill(pid, syscall.SIGWINCH))
		s.eventually("the end of the old workers", func() bool { return len(childrenOf(pid)) <= 1 })
	}
	must(s.t, syscall.Kill(pid, syscall.SIGQUIT))
	s.eventually("the end of the old binary", func() bool { return gone(pid) })
	if _, err := os.Stat(s.path("logs/nginx.pid.oldbin")); err == nil {
		s.t.Error("the old pid file is left")
	}
	return next
}

// serves tells whether a server accepts: its workers, or itself where it has none, have the socket in their poller.
func (s *site) serves(pid int) bool {
	for _, p := range append(childrenOf(pid), pid) {
		fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p)) // none where the process is gone
		for _, fd := range fds {
			if link, _ := os.Readlink(fd); link == "anon_inode:[eventpoll]" {
				return true
			}
		}
	}
	return false
}

// quit ends a server gracefully.
func (s *site) quit(pid int) {
	s.t.Helper()
	must(s.t, syscall.Kill(pid, syscall.SIGQUIT))
	s.eventually("the end of the server", func() bool { return gone(pid) })
	if s.pid() != 0 {
		s.t.Error("the pid file is left")
	}
}

// gone tells whether a process has ended, though perhaps nobody has asked how. While it has threads left it is still the
// parent of what it has started, though its first thread may have ended.
func gone(pid int) bool {
	state, _, threads := status(pid)
	return state == 'Z' && threads <= 1 || state == 0
}

// status reads a process's state, its parent and how many threads it has, 0 for one that is not there.
func status(pid int) (state byte, parent, threads int) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, 0
	}
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	parent, _ = strconv.Atoi(f[1]) // the system writes numbers
	threads, _ = strconv.Atoi(f[17])
	return f[0][0], parent, threads
}

// childrenOf finds the processes that a server has started and that live.
func childrenOf(pid int) (children []int) {
	entries, _ := os.ReadDir("/proc") // always there
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			if state, parent, _ := status(n); parent == pid && state != 'Z' {
				children = append(children, n)
			}
		}
	}
	return children
}

// resident is the memory of a server and its workers in KB.
func resident(pid int) (kb int) {
	for _, p := range append(childrenOf(pid), pid) {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p)) // one that is gone has none
		_, rest, _ := strings.Cut(string(text), "VmRSS:")
		if f := strings.Fields(rest); len(f) > 0 {
			n, _ := strconv.Atoi(f[0]) // the system writes a number
			kb += n
		}
	}
	return kb
}

// settled is resident once it changes no more.
func (s *site) settled(pid int) (kb int) {
	s.t.Helper()
	last, same := 0, 0
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(10 * time.Second); same < 10 && time.Now().Before(limit); <-tick.C {
		if kb = resident(pid); kb != last {
			last, same = kb, 0
		}
		same++
	}
	return kb
}

// wantLogged compares the access logs with what clients have counted: every answer has one line.
func (s *site) wantLogged(counts ...Counts) {
	s.t.Helper()
	files, err := filepath.Glob(s.path("logs/access.log*"))
	must(s.t, err)
	lines := map[string]int{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		must(s.t, err)
		for line := range strings.Lines(string(text)) {
			lines[line]++
		}
	}
	missing, twice := 0, 0
	for _, c := range counts {
		for client, done := range c.Done {
			for i := 1; i <= done; i++ {
				switch lines[fmt.Sprintf("/r/%d/%d 200\n", client, i)] {
				case 0:
					missing++
				case 1:
				default:
					twice++
				}
			}
		}
	}
	if missing+twice > 0 {
		s.t.Errorf("%d requests have no line in the log, %d more than one", missing, twice)
	}
}

// wantNoErrors holds a load to what the package promises.
func wantNoErrors(t *testing.T, name string, c Counts) {
	t.Helper()
	t.Logf("%s: %d requests over %d connections, errors: %v", name, c.Total(), c.Connections, c.Errors)
	if len(c.Errors) > 0 || c.Total() == 0 {
		t.Errorf("%s: %d requests, errors: %v", name, c.Total(), c.Errors)
	}
}
