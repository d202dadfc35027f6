package role

import (
	"maps"
	"runtime/debug"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/inputs"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// handover is a change on its way through a worker: the master has loaded and opened it,
// has sent it, and waits for the answer.
type handover struct {
	*runtime.Change
	record *inputs.Record
	keep   map[string]bool // keys of all sockets it has
	target *link
	first  bool             // that of the start
	asked  *process.Outcome // the commands that wait for its result; nil for none
}

// handOver sends a change to the worker that serves, or starts one for it.
func (m *master) handOver(c *runtime.Change, asked *process.Outcome) {
	h := &handover{Change: c, record: m.recorder.Record(), keep: map[string]bool{}, asked: asked}
	for _, spec := range c.Config.HTTP.Sockets() {
		h.keep[spec.Key()] = true
	}
	c.Config.ReleaseServing()
	m.change = h
	if m.worker != nil && !m.worker.exiting && m.worker.serving && sameUser(c.Config, m.cfg) {
		m.send(h)
		return
	}
	m.replace(h)
}

// sameUser says that a worker for one configuration has the rights for the other.
func sameUser(a, b *runtime.Config) bool {
	return a.Main.User == b.Main.User && a.RawSockets == b.RawSockets
}

// send gives a new configuration to the worker that serves.
func (m *master) send(h *handover) {
	b := m.newBundle(h.record)
	msg, err := b.message(msgConfigure, h.Config, h.Opened())
	if err != nil {
		m.cfg.Log.Fail(errlog.Alert, err)
		m.abandon()
		return
	}
	h.target = m.worker
	l := h.target
	l.Do(func(pid int) { h.Config.Main.Limit(pid, nil) })
	h.OnUndo(func() { l.Do(func(pid int) { m.cfg.Main.Limit(pid, nil) }) })
	l.tell(msg)
	h.target.asked = true
	h.target.startTimer(answerLimit)
}

// replace starts another worker for the change.
func (m *master) replace(h *handover) {
	m.notice("start worker processes")
	all, opened := map[string]*netio.Listener{}, h.Opened()
	for key := range h.keep {
		if all[key] = opened[key]; all[key] == nil {
			all[key] = m.sockets[key]
		}
	}
	if h.target = m.start(h.Config, h.record, all); h.target == nil {
		m.abandon()
	}
}

// commit makes the change that its worker has taken the state of the master.
func (m *master) commit() {
	h, old := m.change, m.worker
	m.change, m.worker = nil, h.target
	m.noAccept, m.respawnAt = false, nil
	if h.first {
		m.started()
		m.cfg.ReleaseServing()
		h.Commit()
		m.nextChange()
		return
	}
	m.takeSockets(h)
	h.Commit()
	m.cfg, m.record = h.Config, h.record
	redirectStderr(m.cfg)
	h.asked.End(true)
	if old != nil && old != m.worker && !old.exiting {
		old.exiting = true
		old.tell(process.Message{Kind: msgQuit})
	}
	m.nextChange()
}

// takeSockets closes the sockets that a change does not have, and keeps those that were
// opened for it.
func (m *master) takeSockets(h *handover) {
	if m.ending != 0 { // those that were open are closed already
		m.sockets = h.Opened()
		m.closeSockets()
		return
	}
	for key, ln := range m.sockets {
		if !h.keep[key] {
			m.closeSocket(ln)
			delete(m.sockets, key)
		}
	}
	maps.Copy(m.sockets, h.Opened())
}

// abandon undoes the change that did not come into effect.
func (m *master) abandon() {
	h := m.change
	m.change = nil
	if h.first {
		if m.ending == 0 {
			m.code = 1
			m.terminate()
		}
		return
	}
	h.Undo()
	h.asked.End(false)
	if m.respawnAt == nil {
		m.respawn() // where the worker that serves was lost over it
	}
	m.nextChange()
}

// nextChange comes after a change: what reading it took goes back to the system,
// and what was asked for meanwhile is done.
func (m *master) nextChange() {
	debug.FreeOSMemory()
	later := m.later
	m.later = nil
	for _, e := range later {
		m.obey(e)
	}
}
