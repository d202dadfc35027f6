package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// A Process is one that Launch started. It is the leader of its process group, which the processes that it starts belong to.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed at the end of the process
	err  error         // what Wait said of it, once done is closed
}

// launched are the processes that have not ended yet, by their id.
var launched struct {
	mu   sync.Mutex
	live map[int]*Process
}

// Launch starts a process, as the leader of a group. It ends no later than this program, whatever ends that: the time limit of
// go test and a signal leave no way to stop it. A Lab ends those in its folder when it closes.
func Launch(cmd *exec.Cmd) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	endWithParent(cmd.SysProcAttr)
	started := make(chan error)
	launcher() <- launch{cmd, started}
	if err := <-started; err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	launched.mu.Lock()
	if launched.live == nil {
		launched.live = map[int]*Process{}
	}
	launched.live[p.Pid()] = p
	launched.mu.Unlock()
	go func() {
		p.err = cmd.Wait()
		launched.mu.Lock()
		delete(launched.live, p.Pid())
		launched.mu.Unlock()
		close(p.done)
	}()
	return p, nil
}

// launch is a process to start, and where to say how that went.
type launch struct {
	cmd     *exec.Cmd
	started chan<- error
}

// launcher starts processes on a thread that lives as long as this program: for the kernel that thread is their parent.
var launcher = sync.OnceValue(func() chan<- launch {
	ch := make(chan launch)
	go func() {
		runtime.LockOSThread()
		for l := range ch {
			l.started <- l.cmd.Start()
		}
	}()
	return ch
})

// Pid is the id of the process and of its group.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed at the end of the process.
func (p *Process) Done() <-chan struct{} { return p.done }

// Signal sends a signal to the process alone. One that is gone gets none.
func (p *Process) Signal(sig os.Signal) { _ = p.cmd.Process.Signal(sig) }

// Kill ends the process and those it started, and waits for it.
func (p *Process) Kill() error {
	err := syscall.Kill(-p.Pid(), syscall.SIGKILL)
	<-p.done
	return errors.Join(err, p.err)
}

// killLeft ends the processes that run in a folder or below it. An error names them: who started them should have.
func killLeft(dir string) error {
	launched.mu.Lock()
	var left []*Process
	for _, p := range launched.live {
		if p.cmd.Dir == dir || strings.HasPrefix(p.cmd.Dir, dir+"/") {
			left = append(left, p)
		}
	}
	launched.mu.Unlock()
	var errs []error
	for _, p := range left {
		_ = p.Kill() // killed, as it was told to be
		errs = append(errs, fmt.Errorf("%s was left running in %s", p.cmd.Path, p.cmd.Dir))
	}
	return errors.Join(errs...)
}
