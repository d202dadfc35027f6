package role

import (
	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// sameOwner leaves log files to the user that they belong to.
const sameOwner = -1

// reopenLogs opens the log files of cfg anew (USR1); new ones belong to owner then.
func reopenLogs(cfg *runtime.Config, owner int) {
	cfg.LogFiles().Reopen(owner)
	redirectStderr(cfg)
}

// redirectStderr lets the error log be the process's stderr as well, so that a
// crash leaves its trace there; not where the log is stderr itself.
func redirectStderr(cfg *runtime.Config) {
	if path := cfg.StderrPath(); path != "" {
		if err := process.RedirectStderr(path); err != nil {
			cfg.Log.Fail(errlog.Alert, err)
		}
	}
}

// reopen opens the log files anew and passes them on to the workers.
func (m *master) reopen() {
	reopenLogs(m.cfg, m.cfg.Main.User.UID)
	if m.change != nil && !m.change.first {
		cfg := m.change.Config
		cfg.LogFiles().Reopen(cfg.Main.User.UID)
	}
	for l := range m.workers {
		if l.stale = !l.serving || m.change != nil && m.change.target == l; !l.stale {
			m.passLogs(l, m.cfg)
		}
	}
}

// passStale passes on the log files of cfg, which a worker has taken or goes on with, where they
// were opened anew while it had a configuration on the way.
func (m *master) passStale(l *link, cfg *runtime.Config) {
	if l.stale {
		l.stale = false
		m.passLogs(l, cfg)
	}
}

// passLogs gives a worker the log files of cfg as they are open now.
func (m *master) passLogs(l *link, cfg *runtime.Config) {
	b := &bundle{}
	msg, err := b.message(msgReopen, cfg, nil)
	if err != nil {
		m.cfg.Log.Fail(errlog.Alert, err)
		return
	}
	l.tell(msg)
}

// reopen puts log files to use that the master has opened anew.
func (w *worker) reopen(logs map[string]int) {
	w.given = logs
	stderr := w.stderrOf(w.server.Config())
	redirectTo(stderr)
	closeFiles(stderr)
	w.server.Reopen()
	closeByName(w.given)
}

// stderrOf returns a duplicate of the main log of cfg, which the caller closes; none where the
// master has not sent that.
func (w *worker) stderrOf(cfg *runtime.Config) []int {
	fd, ok := w.given[cfg.StderrPath()]
	if !ok {
		return nil
	}
	fd, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil // what a crash prints goes where it went before
	}
	return []int{fd}
}

// redirectTo makes what stderrOf returned this process's stderr.
func redirectTo(fds []int) {
	for _, fd := range fds {
		_ = process.RedirectStderrTo(fd) // else as before
	}
}
