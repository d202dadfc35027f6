package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// workerEnv marks a worker's environment. Its value is the descriptor of the
// worker's end of the Channel. Its name is long on purpose: process titles are written
// over the environment.
const workerEnv = "SLUICE_WORKER_PROCESS_CHANNEL"

// Titles, as nginx's.
const (
	TitleMaster   = "nginx: master process"
	TitleWorker   = "nginx: worker process"
	TitleShutdown = "nginx: worker process is shutting down"
)

// Child is a worker, as its master sees it.
type Child struct {
	PID     int
	Channel *Channel
	process *os.Process
	exited  chan Exited

	mu     sync.Mutex
	reaped bool // its process id may be another process's
}

// Exited is how a process has ended.
type Exited struct {
	PID    int
	Status syscall.WaitStatus
}

// WorkerOptions are what a worker is started with.
type WorkerOptions struct {
	User       User
	RawSockets bool     // it may send from foreign addresses, where the system can tell this from all other rights
	Env        []string // its environment
}

// StartWorker starts this program again. Its stderr is this process's. It waits for
// messages, see [ResumeWorker]. The error is an *errno.OpError.
func StartWorker(o WorkerOptions) (*Child, error) {
	channel, theirs, err := newChannel()
	if err != nil {
		return nil, errno.Failed("socketpair()", "", err)
	}
	defer theirs.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		channel.Close()
		return nil, errno.Failed("open()", os.DevNull, err)
	}
	defer null.Close()
	attr := &os.ProcAttr{
		Env:   append(o.Env[:len(o.Env):len(o.Env)], workerEnv+"="+strconv.Itoa(readyFD)),
		Files: []*os.File{null, os.Stdout, os.Stderr, theirs},
		Sys:   &syscall.SysProcAttr{Credential: o.User.credential()},
	}
	if o.RawSockets && o.User.UID != 0 {
		keepRawSockets(attr.Sys)
	}
	p, err := os.StartProcess(selfPath(), []string{TitleWorker}, attr)
	if err != nil {
		channel.Close()
		return nil, errno.Failed("could not start worker process as user \""+o.User.Name+"\": execve()", programPath(), err)
	}
	c := &Child{PID: p.Pid, Channel: channel, process: p, exited: make(chan Exited, 1)}
	go func() {
		state, err := c.reap()
		e := Exited{PID: c.PID}
		if err == nil {
			e.Status, _ = state.Sys().(syscall.WaitStatus)
		}
		c.exited <- e // there is room for the only one
	}()
	return c, nil
}

// Exited delivers the end of the worker, once. It comes from wait, and not from the
// end of the channel, of which other processes may have a copy.
func (c *Child) Exited() <-chan Exited { return c.exited }

// Signal sends the worker a signal; one that has ended gets none, and no process that
// has its number by now. The error is an *errno.OpError.
func (c *Child) Signal(sig syscall.Signal) error {
	if err := c.process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return errno.Failed(fmt.Sprintf("kill(%d, %d)", c.PID, int(sig)), "", err)
	}
	return nil
}

// Do calls f with the number of the worker, which stays its own until f returns. It
// does nothing when the worker has ended.
func (c *Child) Do(f func(pid int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reaped {
		f(c.PID)
	}
}

// IsWorker says whether this process was started by StartWorker and has not been
// resumed.
func IsWorker() bool { return os.Getenv(workerEnv) != "" }

// ResumeWorker returns the worker's end of its Channel, and leaves no trace of it in
// the environment. comm is what the worker is to be called in lists of processes that
// show the name of a program.
func ResumeWorker() (*Channel, error) {
	fd, err := strconv.Atoi(os.Getenv(workerEnv))
	if err != nil {
		return nil, fmt.Errorf("invalid %s: %w", workerEnv, err)
	}
	_ = os.Unsetenv(workerEnv) // it does not fail: the name is valid
	syscall.CloseOnExec(fd)
	return openChannel(os.NewFile(uintptr(fd), "channel"))
}

// Describe returns nginx's message for the end of a process. alert says that it was
// killed.
func (e Exited) Describe(name string) (text string, alert bool) {
	switch {
	case e.Status.Signaled():
		core := ""
		if e.Status.CoreDump() {
			core = " (core dumped)"
		}
		return fmt.Sprintf("%s %d exited on signal %d%s", name, e.PID, int(e.Status.Signal()), core), true
	default:
		return fmt.Sprintf("%s %d exited with code %d", name, e.PID, e.Status.ExitStatus()), false
	}
}

// FatalCode is the exit code of a worker that another start would not help.
const FatalCode = 2

// selfPath names this program for execve: the very file that runs, though it may
// have been replaced or cannot be reached any more by its name.
func selfPath() string {
	const self = "/proc/self/exe"
	if _, err := os.Readlink(self); err == nil {
		return self
	}
	return programPath()
}

// programPath is the name of the file that runs.
func programPath() string {
	if path, err := os.Executable(); err == nil {
		return path
	}
	return os.Args[0]
}

// Command is the command line as nginx's titles repeat it.
func Command() string { return strings.Join(os.Args, " ") }
