package process

import (
	"fmt"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// SignalOf is the signal that "-s name" sends. ok is false for another name than
// stop, quit, reopen and reload.
func SignalOf(name string) (sig syscall.Signal, ok bool) {
	switch name {
	case "stop":
		return syscall.SIGTERM, true
	case "quit":
		return syscall.SIGQUIT, true
	case "reopen":
		return syscall.SIGUSR1, true
	case "reload":
		return syscall.SIGHUP, true
	}
	return 0, false
}

// Send is "-s": it signals the server that the pid file names, and logs what
// prevents that as nginx does. It reports success; the command's exit code is 1 else.
func Send(log *errlog.Logger, pidFile string, sig syscall.Signal) bool {
	log.Log(errlog.Notice, 0, nil, nil, "signal process started")
	pid, err := ReadPID(pidFile)
	if err != nil {
		log.Fail(errlog.Error, err)
		return false
	}
	if err := syscall.Kill(pid, sig); err != nil {
		log.Fail(errlog.Alert, errno.Failed(fmt.Sprintf("kill(%d, %d)", pid, int(sig)), "", err))
		return false
	}
	return true
}
