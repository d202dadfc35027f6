package role

import (
	"fmt"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// Signal is -s: it sends the running server the signal called name, and returns
// the exit code: for a reload that of its outcome, where the server tells. The
// configuration says where the pid file is.
func Signal(o runtime.Options, name string) int {
	early := openStartLog(&o, errlog.Notice)
	defer early.close()
	c := runtime.NewHost().Load(o, nil)
	if c.Report(early.Logger, o.Console) != nil {
		return 1
	}
	defer c.Undo()
	sig, ok := process.SignalOf(name)
	if !ok {
		early.Fail(errlog.Emerg, fmt.Errorf(`invalid option: "-s %s"`, name))
		return 1
	}
	sent := false
	if pid := c.Config.Main.PID; sig == syscall.SIGHUP {
		sent = process.SendReload(early.Logger, pid, o.Console)
	} else {
		sent = process.Send(early.Logger, pid, sig)
	}
	if !sent {
		return 1
	}
	return 0
}
