package process

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// daemonEnv marks the daemon's environment. Its value is the descriptor to which
// the daemon writes a byte once it serves.
const daemonEnv = "SLUICE_DAEMON"

// readyFD is the descriptor that the parent passes: the first behind stderr.
const readyFD = 3

// Daemonize starts this program again in the background (a session of its own,
// stdin and stdout on /dev/null, stderr kept for messages until RedirectStderr) and
// waits until it is ready or has exited. It returns the code with which the calling
// process is to exit: 0 when the daemon serves, else the daemon's own.
func Daemonize(log *errlog.Logger) int {
	code, err := daemonize()
	if err != nil {
		log.Fail(errlog.Emerg, err)
	}
	return code
}

func daemonize() (code int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 1, errno.Failed("readlink()", "/proc/self/exe", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return 1, errno.Failed("pipe()", "", err)
	}
	defer r.Close()
	cmd := exec.Cmd{
		Path:        self,
		Args:        os.Args,
		Env:         append(os.Environ(), daemonEnv+"="+strconv.Itoa(readyFD)),
		Stderr:      os.Stderr,
		ExtraFiles:  []*os.File{w}, // becomes readyFD
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	err = cmd.Start()
	_ = w.Close()
	if err != nil {
		return 1, errno.Failed("fork()", "", err)
	}
	var ready [1]byte
	if _, err := io.ReadFull(r, ready[:]); err == nil {
		// The daemon outlives us: it is init's child from now on.
		return 0, cmd.Process.Release()
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode(), nil
	}
	return 1, err
}

// Daemon is the daemon's side of Daemonize. Its methods may be called on nil, for a
// process that is none.
type Daemon struct{ ready *os.File }

// Resume reports whether this process was started by Daemonize and, if so, completes
// the daemon's state: umask 0, and daemonEnv removed from the environment.
func Resume() (d *Daemon, ok bool) {
	fd, err := strconv.Atoi(os.Getenv(daemonEnv))
	if err != nil {
		return nil, false
	}
	// Neither fails: the name is valid.
	_ = os.Unsetenv(daemonEnv)
	syscall.CloseOnExec(fd)
	syscall.Umask(0)
	return &Daemon{ready: os.NewFile(uintptr(fd), "ready")}, true
}

// Ready makes the parent exit with success. Without it the parent waits for this
// process to exit and exits with its code.
func (d *Daemon) Ready() {
	if d == nil || d.ready == nil {
		return
	}
	// A parent that was killed meanwhile needs no answer.
	_, _ = d.ready.Write([]byte{1})
	_ = d.ready.Close()
	d.ready = nil
}

// RedirectStderr makes the file at path, the error log, the process's stderr, so
// that a crash leaves its trace there. The error is an *errno.OpError.
func RedirectStderr(path string) error {
	fd, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_APPEND|syscall.O_CLOEXEC, 0)
	if err != nil {
		return errno.Failed("open()", path, err)
	}
	if fd == syscall.Stderr { // it was closed
		return nil
	}
	defer syscall.Close(fd)
	return RedirectStderrTo(fd)
}

// RedirectStderrTo makes an open file the process's stderr. The descriptor stays the
// caller's. The error is an *errno.OpError.
func RedirectStderrTo(fd int) error {
	if err := dup(fd, syscall.Stderr); err != nil {
		return errno.Failed("dup2(STDERR_FILENO)", "", err)
	}
	return nil
}
