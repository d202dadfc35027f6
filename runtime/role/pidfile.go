package role

import (
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// movePID writes the pid file of a new configuration where that has another one. The end
// of the change removes one of the two.
func (h *holder) movePID(c *runtime.Change) error {
	before, path := h.role.config().Main.PID, c.Config.Main.PID
	if path == before {
		return nil
	}
	if err := process.WritePID(path); err != nil {
		return c.Fail(err)
	}
	c.OnUndo(func() { h.removePID(path) })
	c.OnCommit(func() { h.removePID(before) })
	return nil
}

// removePID removes a pid file of this process.
func (h *holder) removePID(path string) {
	if err := process.RemovePID(path); err != nil {
		h.role.config().Log.Fail(errlog.Alert, err)
	}
}
