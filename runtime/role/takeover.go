package role

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// inheritSockets takes over the listening sockets of the binary that this one
// succeeds; there are none where it succeeds no other.
func inheritSockets(log *errlog.Logger) *netio.Inheritance {
	fds, _ := process.InheritedSockets(log)
	return netio.InheritAll(fds, func(err error) { log.Fail(errlog.Crit, err) })
}

// changeBinary starts the binary that is to succeed this one, with its listening sockets
// (USR2).
func (h *holder) changeBinary() {
	h.notice("changing binary")
	var fds []int
	for _, ln := range h.role.listeners() {
		fds = append(fds, ln.Fds()...)
	}
	h.role.save()
	cfg := h.role.config()
	h.changeover.Start(cfg.Log, cfg.Main.PID, fds)
}

// newBinaryEnded is called when the successor has not lived: this binary goes on.
func (h *holder) newBinaryEnded(e process.Exit) {
	cfg := h.role.config()
	h.changeover.Ended(cfg.Log, cfg.Main.PID, e)
	h.role.resume()
}

// leave prepares a socket for being closed: the file of a unix socket stays where another
// binary uses it.
func (h *holder) leave(ln *netio.Listener) { ln.SetUnlink(!h.changeover.Shared()) }
