package role

import (
	"os"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
	"github.com/sluiceproxy/sluice/runtime/logfile"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// configure makes the configuration of b the one that serves. On an error the one
// before it goes on. It takes over the descriptors.
func (w *worker) configure(b *bundle, logs map[string]int, sockets []int) error {
	handed := netio.InheritAll(sockets, func(err error) { w.host.Log().Fail(errlog.Crit, err) })
	defer handed.Close()
	w.given = logs
	defer func() { closeByName(w.given) }()
	opts := b.options()
	opts.OpenLog = w.openLog
	state, err := w.takeCertificates(b.Certs, b.Answers)
	if err != nil {
		return err
	}
	w.confirm(state)
	c := w.host.Load(opts, w.server.Config())
	c.Handed = handed
	if err := c.Report(nil, nil); err != nil { // the master logs it
		return err
	}
	stderr := w.stderrOf(c.Config)
	defer closeFiles(stderr)
	if err := c.OpenHanded(); err != nil {
		return err
	}
	if err := w.enter(c); err != nil {
		return c.Fail(err)
	}
	if err := w.server.Take(c); err != nil {
		return err
	}
	redirectTo(stderr)
	return nil
}

// enter makes working_directory this process's, without one the directory in which it was
// started. If the change is undone, the process goes back to where it is now.
func (w *worker) enter(c *runtime.Change) error {
	now, err := os.Getwd()
	if w.home == "" {
		w.home = now
	}
	switch dir := c.Config.Main.Directory; {
	case dir != "":
		if err := os.Chdir(dir); err != nil {
			return errno.Failed("chdir()", dir, err)
		}
	case err != nil || now == w.home:
		return nil
	default:
		_ = os.Chdir(w.home) // its user may have no rights there
	}
	c.OnUndo(func() { _ = os.Chdir(now) })
	return nil
}

// openLog implements runtime.Options.OpenLog. What the master did not send is
// opened with the rights of this process.
func (w *worker) openLog(path string) (int, error) {
	if fd, ok := w.given[path]; ok {
		delete(w.given, path)
		return fd, nil
	}
	return logfile.OpenAppend(path)
}
