package role

import (
	"runtime/debug"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/inputs"
)

// reload is HUP: it loads the configuration anew, opens what that needs, and hands it to
// the connections of this process or to the worker. On an error, which is logged, the
// current configuration goes on. Beside a successor HUP makes the one before it that was
// current serve once more.
func (h *holder) reload() {
	asked := h.results.Begin()
	if h.changeover.NewRuns() {
		h.role.resume()
		asked.End(true)
		return
	}
	h.notice("reconfiguring")
	cfg := h.role.config()
	c := h.load(cfg)
	c.Bind = h.recorder != nil
	if c.Report(logFor(cfg, asked)) != nil || c.Check() != nil || h.movePID(c) != nil || c.Open(h.role.listeners()) != nil {
		if h.recorder != nil { // a master; a process that serves does it by itself
			debug.FreeOSMemory() // what reading the configuration left behind
		}
		redirectStderr(cfg) // the log files may have been opened anew
		asked.End(false)
		return
	}
	h.role.handOver(c, asked)
}

// load reads the configuration that is to replace current, for a worker too where this
// process is to have one.
func (h *holder) load(current *runtime.Config) *runtime.Change {
	o := h.opts.Options
	if h.recorder != nil {
		h.recorder = inputs.NewRecorder(inputs.System{})
		o.Inputs = h.recorder
	}
	return h.host.Load(o, current)
}
