package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Limits of a server's start and of its stop.
const (
	startLimit = time.Minute
	stopLimit  = time.Minute
)

// A Server is a running nginx, or the server under test.
type Server struct {
	// Dir is its prefix, with nginx.conf in it and its standard error in the file stderr.
	Dir string
	*Process
}

// Start runs binary with the nginx.conf in dir, which becomes its prefix, and returns when it listens at all addrs. Root
// hands the folder and the process to user nobody, so that what runs here is what runs for everyone.
func Start(ctx context.Context, binary, dir string, addrs []string, args ...string) (*Server, error) {
	return start(ctx, binary, dir, addrs, Unprivileged(), args)
}

// StartOwn is Start with the rights that the test has: root's servers have a master then, and workers that are the user of
// the configuration.
func StartOwn(ctx context.Context, binary, dir string, addrs []string, args ...string) (*Server, error) {
	return start(ctx, binary, dir, addrs, &syscall.SysProcAttr{}, args)
}

func start(ctx context.Context, binary, dir string, addrs []string, attr *syscall.SysProcAttr, args []string) (*Server, error) {
	stderr, err := os.Create(filepath.Join(dir, "stderr"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = stderr.Close() }()
	args = append([]string{"-p", dir + "/", "-c", "nginx.conf", "-e", "logs/error.log", "-g", "daemon off;"}, args...)
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = stderr, stderr
	cmd.SysProcAttr = attr
	if err := GiveAway(dir); err != nil {
		return nil, err
	}
	p, err := Launch(cmd)
	if err != nil {
		return nil, err
	}
	s := &Server{Dir: dir, Process: p}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for _, addr := range addrs {
		if err := s.listens(ctx, addr); err != nil {
			_ = s.Kill() // what it says is why it did not start
			return nil, fmt.Errorf("%s did not start: %w\n%s", binary, err, s.lastWords())
		}
	}
	return s, nil
}

// listens waits until something accepts at addr.
func (s *Server) listens(ctx context.Context, addr string) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return c.Close()
		}
		select {
		case <-s.done:
			return fmt.Errorf("it ended: %w", errors.Join(s.err, errors.New("nothing listens at "+addr)))
		case <-ctx.Done():
			return fmt.Errorf("nothing listens at %s after %v", addr, startLimit)
		case <-tick.C:
		}
	}
}

// Stop ends the server the way an operator does, with SIGQUIT, and waits. A server that does not go is killed, which
// is an error.
func (s *Server) Stop() error { return s.end(syscall.SIGQUIT) }

// Terminate is Stop with SIGTERM: the server does not wait for its clients.
func (s *Server) Terminate() error { return s.end(syscall.SIGTERM) }

func (s *Server) end(sig syscall.Signal) error {
	s.Signal(sig)
	return s.Wait()
}

// Wait waits for the end of a server that was told to go. One that does not is killed, which is an error.
func (s *Server) Wait() error {
	select {
	case <-s.done:
		if s.err != nil {
			_ = s.Kill() // workers that it has left
			return fmt.Errorf("%s: %w\n%s", s.cmd.Path, s.err, s.lastWords())
		}
		return nil
	case <-time.After(stopLimit):
		_ = s.Kill() // killed, as it was told to be
		return fmt.Errorf("%s did not stop within %v", s.cmd.Path, stopLimit)
	}
}

// lastWords returns what the server wrote to standard error, a panic's first goroutine if that was the end of it.
func (s *Server) lastWords() []byte {
	said, _ := os.ReadFile(filepath.Join(s.Dir, "stderr"))
	return said[:min(len(said), 4000)]
}

// nobody is the user id that stands for no one in particular on every Linux.
const nobody = 65534

// Unprivileged are attributes of a process with a process group of its own which, started by root, runs as nobody.
func Unprivileged() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 {
		attr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return attr
}

// GiveAway hands a folder to the user of Unprivileged.
func GiveAway(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	})
}
