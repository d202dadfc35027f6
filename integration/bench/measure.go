package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice"
	"github.com/sluiceproxy/sluice/integration/internal/harness"
	"github.com/sluiceproxy/sluice/internal/testport"
)

// The processors of the server and of everything else.
const (
	serverCPU = "0"
	otherCPU  = "1"
)

// A server is one of those that are compared.
type server struct {
	name    string
	command []string // to run in dir
	dir     string
	ports   []int
}

// port is where the server does the task; 0 if it does not.
func (s *server) port(t task) int {
	n := t.listen
	if s.name == "haproxy" {
		n = t.haproxy
	}
	if n == 0 || len(s.command) == 0 {
		return 0
	}
	return s.ports[n-1]
}

// bench is the servers and the application behind them, which runs all the time.
type bench struct {
	servers []*server // sluice, nginx, haproxy
	backend *harness.Process
	fastcgi *fastCGI
	app     *application
}

// newBench starts the applications and prepares the servers. What it has started ends where it fails.
func newBench(ctx context.Context, lab *harness.Lab) (_ *bench, err error) {
	b := &bench{}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	app, err := lab.Ports.Take(1)
	if err != nil {
		return nil, err
	}
	backend := &server{name: "backend", dir: filepath.Join(lab.Dir, "backend"), ports: app}
	if err := backend.lay(lab, lab.Oracle, backendConf, app[0]); err != nil {
		return nil, err
	}
	backend.command = nginxCommand(lab.Oracle, backend.dir)
	if b.backend, err = start(ctx, backend, otherCPU, app[0]); err != nil {
		return nil, err
	}
	listen, fastcgi, err := lab.Ports.Listen()
	if err != nil {
		return nil, err
	}
	b.fastcgi = newFastCGI(listen)
	listenApp, application, err := lab.Ports.Listen()
	if err != nil {
		return nil, err
	}
	b.app = newApplication(listenApp)
	behind := strings.NewReplacer("%%FASTCGI%%", testport.Addr(fastcgi), "%%APPLICATION%%", testport.Addr(application))
	return b, b.prepare(lab, behind.Replace(conf), app[0])
}

// prepare makes the servers that are compared, with an application behind them.
func (b *bench) prepare(lab *harness.Lab, conf string, app int) error {
	for _, o := range []struct{ name, binary string }{{"sluice", lab.Tested}, {"nginx", lab.Oracle}} {
		s := &server{name: o.name, dir: filepath.Join(lab.Dir, o.name+"-root")} // the program under test is beside it
		var err error
		if s.ports, err = lab.Ports.Take(8); err != nil {
			return err
		}
		if err := s.lay(lab, o.binary, conf, app); err != nil {
			return err
		}
		s.command = nginxCommand(o.binary, s.dir)
		b.servers = append(b.servers, s)
	}
	haproxy, err := newHAProxy(lab, app)
	if err != nil {
		return err
	}
	b.servers = append(b.servers, haproxy)
	return nil
}

// close ends those applications that were started.
func (b *bench) close() {
	if b.backend != nil {
		stop(b.backend)
	}
	if b.fastcgi != nil {
		b.fastcgi.close()
	}
	if b.app != nil {
		b.app.close()
	}
}

func nginxCommand(binary, dir string) []string {
	return []string{binary, "-p", dir + "/", "-c", "nginx.conf", "-e", "logs/error.log", "-g", "daemon off;"}
}

// newHAProxy returns a server without a command if HAProxy is not installed.
func newHAProxy(lab *harness.Lab, app int) (*server, error) {
	s := &server{name: "haproxy", dir: filepath.Join(lab.Dir, "haproxy")}
	binary, err := exec.LookPath("haproxy")
	if err != nil {
		binary, err = exec.LookPath("/usr/sbin/haproxy")
	}
	if err != nil {
		fmt.Println("haproxy is not installed and does not take part")
		return s, nil
	}
	if s.ports, err = lab.Ports.Take(4); err != nil {
		return nil, err
	}
	if err := s.lay(lab, binary, haproxyConf, app); err != nil {
		return nil, err
	}
	s.command = []string{binary, "-db", "-C", s.dir, "-f", "nginx.conf"}
	return s, nil
}

// lay writes what a server needs to its folder.
func (s *server) lay(lab *harness.Lab, binary, conf string, app int) error {
	words := []string{"%%UPSTREAM%%", testport.Addr(app)}
	for i, port := range s.ports {
		mark := "%%ADDR_" + strconv.Itoa(i+1) + "%%"
		if i == 0 {
			mark = "%%ADDR%%"
		}
		words = append(words, mark, testport.Addr(port))
	}
	certs := filepath.Join(s.dir, "certs")
	if err := errors.Join(os.MkdirAll(filepath.Join(s.dir, "html"), 0o755), os.MkdirAll(filepath.Join(s.dir, "logs"), 0o755),
		os.CopyFS(certs, os.DirFS(lab.Certs))); err != nil {
		return err
	}
	pem, err := os.ReadFile(filepath.Join(certs, "localhost.pem"))
	if err != nil {
		return err
	}
	key, err := os.ReadFile(filepath.Join(certs, "localhost.key"))
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"nginx.conf":     []byte(strings.NewReplacer(words...).Replace(conf)),
		"both.pem":       append(pem, key...),
		"html/1k.html":   harness.Filler(1 << 10),
		"html/10k.html":  harness.Filler(10 << 10),
		"html/100k.html": harness.Filler(100 << 10),
		"html/1m.html":   harness.Filler(1 << 20),

		harness.TempPathsFile: []byte(lab.TempPaths[binary]),
	}
	for _, name := range []string{"fastcgi.conf", "fastcgi_params"} {
		if files[name], err = fs.ReadFile(sluice.Assets(), name); err != nil {
			return err
		}
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return harness.GiveAway(s.dir)
}

// start runs a server on one processor and waits until it listens.
func start(ctx context.Context, s *server, cpu string, port int) (*harness.Process, error) {
	args := append([]string{"-c", cpu}, s.command...)
	cmd := exec.Command("taskset", args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.SysProcAttr = harness.Unprivileged()
	log, err := os.Create(filepath.Join(s.dir, "stderr"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	p, err := harness.Launch(cmd)
	if err != nil {
		return nil, err
	}
	limit := time.After(10 * time.Second)
	for {
		c, err := net.DialTimeout("tcp", testport.Addr(port), time.Second)
		if err == nil {
			_ = c.Close() // it has served its purpose
			return p, nil
		}
		select {
		case <-p.Done():
			said, _ := os.ReadFile(log.Name())
			return nil, fmt.Errorf("%s did not start: %s", s.name, strings.TrimSpace(string(said)))
		case <-ctx.Done():
			stop(p)
			return nil, ctx.Err()
		case <-limit:
			stop(p)
			return nil, fmt.Errorf("%s does not listen", s.name)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends a server and waits for it.
func stop(p *harness.Process) {
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.Done():
	case <-time.After(5 * time.Second):
	}
	_ = p.Kill() // a worker that stayed
}

// measure returns the CPU microseconds a request of the task costs the server.
func (b *bench) measure(ctx context.Context, s *server, t task, length time.Duration) (float64, error) {
	port := s.port(t)
	p, err := start(ctx, s, serverCPU, port)
	if err != nil {
		return 0, err
	}
	defer stop(p)
	if _, err := t.load(ctx, port, time.Second); err != nil { // to warm up
		return 0, err
	}
	before, err := groupCPU(p.Pid())
	if err != nil {
		return 0, err
	}
	n, err := t.load(ctx, port, length)
	if err != nil {
		return 0, err
	}
	after, err := groupCPU(p.Pid())
	return float64((after - before).Microseconds()) / float64(n), err
}

// clockTick is the unit of the times in /proc on every Linux of today.
const clockTick = 10 * time.Millisecond

// groupCPU adds up the user and system time of the processes in a process group.
func groupCPU(group int) (time.Duration, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	var ticks int
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		// The name, in parentheses, may contain anything.
		_, rest, _ := strings.Cut(string(data[strings.LastIndexByte(string(data), ')')+1:]), " ")
		f := strings.Fields(rest)
		if len(f) < 13 || f[2] != strconv.Itoa(group) {
			continue
		}
		user, _ := strconv.Atoi(f[11])
		system, _ := strconv.Atoi(f[12])
		ticks += user + system
	}
	return time.Duration(ticks) * clockTick, nil
}
