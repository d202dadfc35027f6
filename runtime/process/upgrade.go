package process

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// socketsEnv is the environment variable in which one binary names the
// descriptors of its listening sockets to the next: "3;4;". It is nginx's, so
// that either may be the other's successor.
const socketsEnv = "NGINX"

// IsSuccessor reports whether this process was started by a change of the binary.
func IsSuccessor() bool {
	_, ok := os.LookupEnv(socketsEnv)
	return ok
}

// InheritedSockets takes the descriptors of the listening sockets that another
// binary handed over out of the environment. ok is false when this process was
// not started by a change of the binary. What is wrong with the list is logged
// as nginx does.
func InheritedSockets(log *errlog.Logger) (fds []int, ok bool) {
	list, ok := os.LookupEnv(socketsEnv)
	if !ok {
		return nil, false
	}
	// It does not fail: the name is valid. A child must not find the variable.
	_ = os.Unsetenv(socketsEnv)
	log.Log(errlog.Notice, 0, nil, nil, "using inherited sockets from \"%s\"", list)
	return parseSockets(list, func(text string) { log.Log(errlog.Emerg, 0, nil, nil, "%s", text) }), true
}

// parseSockets reads numbers that each end with a semicolon or a colon.
func parseSockets(list string, problem func(string)) (fds []int) {
	const bad = `invalid socket number "%s" in ` + socketsEnv + ` environment variable, ignoring`
	for {
		end := strings.IndexAny(list, ";:")
		if end < 0 {
			break
		}
		fd, err := strconv.ParseUint(list[:end], 10, 31)
		if err != nil {
			problem(fmt.Sprintf(bad+" the rest of the variable", list))
			break
		}
		fds = append(fds, int(fd))
		list = list[end+1:]
	}
	if list != "" {
		problem(fmt.Sprintf(bad, list))
	}
	return fds
}

// Changeover is the change of the binary (USR2), seen from both of its sides: it
// starts another binary with the listening sockets of this one, and knows
// whether another binary that has the same sockets is still there. Busy, Shared
// and PIDFile may be called by anyone, the other methods by one owner.
//
//	up := process.NewChangeover(inherited, inChild)
//	...
//	case process.Upgrade:
//	    up.Start(log, pidFile, descriptors)
//	case exit := <-up.Exited():
//	    up.Ended(log, pidFile, exit)
type Changeover struct {
	parent    int          // the process that started this one; 0: Daemonize's
	child     atomic.Int64 // the new binary; 0: none
	inherited bool         // parent is an old binary, and this process has inherited its sockets
	exited    chan Exit
}

// Exit tells how a new binary has ended.
type Exit struct {
	pid    int
	status syscall.WaitStatus
	err    error // of waiting
}

// NewChangeover returns a Changeover of this process. inherited says that it was started
// by a change of the binary and has inherited the sockets. daemon says that it was
// started by Daemonize, whose process is no binary of its own.
func NewChangeover(inherited, daemon bool) *Changeover {
	u := &Changeover{inherited: inherited, exited: make(chan Exit, 1)}
	if inherited || !daemon {
		u.parent = os.Getppid()
	}
	return u
}

// Busy reports whether USR2 is to be ignored: a new binary is running, or the parent
// of this process still is. nginx takes the latter as the sign that the old binary is
// still running; so USR2 is also ignored in a foreground process whose parent, such as
// a shell, is still running.
func (u *Changeover) Busy() bool {
	return u.child.Load() != 0 || u.parent != 0 && os.Getppid() == u.parent
}

// Shared reports whether another binary has the listening sockets as well: connections
// that wait in them are not lost when this process closes them, and the files
// of unix sockets must stay.
func (u *Changeover) Shared() bool { return u.child.Load() != 0 || u.OldRuns() }

// OldRuns reports whether this process has its sockets from a binary that still runs.
func (u *Changeover) OldRuns() bool { return u.inherited && os.Getppid() == u.parent }

// NewRuns reports whether a new binary was started by this process and still runs.
func (u *Changeover) NewRuns() bool { return u.child.Load() != 0 }

// PIDFile is the file that holds the process id of this process: path, unless a new
// binary has taken that.
func (u *Changeover) PIDFile(path string) string {
	if u.child.Load() != 0 {
		return path + OldPIDSuffix
	}
	return path
}

// Exited delivers the end of the new binary. Ended has to be called with it.
func (u *Changeover) Exited() <-chan Exit { return u.exited }

// Start starts the new binary: the one that is found now under the name by which
// this process was started, with the same arguments. It gets copies of the
// descriptors of the listening sockets. The pid file is renamed, since the new binary
// writes its own. A failure is logged as nginx does, and changes nothing.
func (u *Changeover) Start(log *errlog.Logger, pidFile string, sockets []int) {
	name := os.Args[0]
	old := pidFile + OldPIDSuffix
	if err := os.Rename(pidFile, old); err != nil {
		log.Log(errlog.Alert, 0, err, nil, "rename() %s to %s failed before executing new binary process \"%s\"", pidFile, old, name)
		return
	}
	pid, err := execute(name, sockets)
	if err != nil {
		log.Log(errlog.Alert, 0, err, nil, "execve() failed while executing new binary process \"%s\"", name)
		if err := os.Rename(old, pidFile); err != nil {
			log.Log(errlog.Alert, 0, err, nil,
				"rename() %s back to %s failed after an attempt to execute new binary process \"%s\"", old, pidFile, name)
		}
		return
	}
	log.Log(errlog.Notice, 0, nil, nil, "start new binary process %d", pid)
	u.child.Store(int64(pid))
	go func() {
		e := Exit{pid: pid}
		for e.err = syscall.EINTR; e.err == syscall.EINTR; { //nolint:errorlint // package syscall returns bare numbers
			_, e.err = syscall.Wait4(pid, &e.status, 0, nil)
		}
		u.exited <- e // there is room for the only one
	}()
}

// Ended logs the end of the new binary and takes the pid file back.
func (u *Changeover) Ended(log *errlog.Logger, pidFile string, e Exit) {
	switch {
	case e.err != nil:
		log.Fail(errlog.Alert, errno.Failed("waitpid()", "", e.err))
	case e.status.Signaled():
		core := ""
		if e.status.CoreDump() {
			core = " (core dumped)"
		}
		log.Log(errlog.Alert, 0, nil, nil, "new binary process %d exited on signal %d%s", e.pid, int(e.status.Signal()), core)
	default:
		log.Log(errlog.Notice, 0, nil, nil, "new binary process %d exited with code %d", e.pid, e.status.ExitStatus())
	}
	old := pidFile + OldPIDSuffix
	if err := os.Rename(old, pidFile); err != nil {
		log.Log(errlog.Alert, 0, err, nil,
			"rename() %s back to %s failed after the new binary process \"%s\" exited", old, pidFile, os.Args[0])
	}
	u.child.Store(0)
}

// resolve finds the program that name, argv[0], stands for, as a shell would;
// where it does not find it, it is this program.
func resolve(name string) string {
	if strings.Contains(name, "/") {
		return name
	}
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if path, err := os.Executable(); err == nil {
		return strings.TrimSuffix(path, " (deleted)")
	}
	return name
}

// execute starts the program with copies of the descriptors.
func execute(name string, sockets []int) (pid int, err error) {
	files := []uintptr{0, 1, 2}
	var list []byte
	for _, fd := range sockets {
		list = append(strconv.AppendInt(list, int64(len(files)), 10), ';')
		files = append(files, uintptr(fd))
	}
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, socketsEnv+"=") })
	pid, _, err = syscall.StartProcess(resolve(name), os.Args, &syscall.ProcAttr{
		Env:   append(env, socketsEnv+"="+string(list)),
		Files: files,
	})
	return pid, err
}
