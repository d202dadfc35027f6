package runtime

import (
	"maps"
	"runtime/debug"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/inputs"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// change is a configuration on its way into effect: the master has read it and
// opened what it needs, and waits for the answer of the worker that it went to.
type change struct {
	cfg    *Config
	record *inputs.Record
	opened map[string]*netio.Listener // sockets that were not open before
	keep   map[string]bool            // keys of all sockets it has
	target *link
	first  bool             // that of the start
	oldPID string           // the pid file to remove, "" for none
	log    *errlog.Logger   // for what happens to it
	asked  *process.Outcome // the commands that wait for its result; nil for none
}

// reload reads the configuration anew and sends it to the worker. On an error,
// which is logged, everything stays as it is.
func (m *master) reload() {
	asked := m.results.Begin()
	if m.changeover.NewRuns() {
		m.resume()
		asked.End(true)
		return
	}
	m.notice("reconfiguring")
	c, err := m.read(asked)
	if err != nil {
		debug.FreeOSMemory() // see MainConf.apply
		asked.End(false)
		return
	}
	m.change = c
	if m.worker != nil && !m.worker.exiting && m.worker.serving && sameUser(c.cfg, m.cfg) {
		m.hand(c)
		return
	}
	m.replace(c)
}

// replace starts another worker for the change.
func (m *master) replace(c *change) {
	m.notice("start worker processes")
	all := map[string]*netio.Listener{}
	for key := range c.keep {
		if all[key] = c.opened[key]; all[key] == nil {
			all[key] = m.sockets[key]
		}
	}
	if c.target = m.start(c.cfg, c.record, all); c.target == nil {
		m.abandon()
	}
}

// sameUser says that a worker for one configuration has the rights for the other.
func sameUser(a, b *Config) bool {
	return a.Main.User == b.Main.User && a.raw == b.raw
}

// hand gives a new configuration to the worker that serves.
func (m *master) hand(c *change) {
	b := newBundle(&m.opts, c.record)
	msg, err := b.message(sayConfigure, c.cfg, c.opened)
	if err != nil {
		m.cfg.Log.Fail(errlog.Alert, err)
		m.abandon()
		return
	}
	c.target = m.worker
	c.target.Do(func(pid int) { c.cfg.Main.applyTo(pid, nil) })
	c.target.tell(msg)
	c.target.asked = true
	c.target.expect(answerLimit)
}

// read loads the configuration and opens what it needs. Failures are logged.
func (m *master) read(asked *process.Outcome) (*change, error) {
	log, console := m.cfg.logFor(asked)
	recorder := inputs.NewRecorder(inputs.System{})
	opts := m.opts
	opts.inputs = recorder
	cfg, err := m.host.load(&opts, m.cfg)
	logWarnings(log, cfg.warnings)
	if err != nil {
		logFailure(log, err)
		return nil, err
	}
	c := &change{cfg: cfg, record: recorder.Record(), keep: map[string]bool{}, log: log, asked: asked}
	if cfg.Main.PID != m.cfg.Main.PID {
		if err := process.WritePID(cfg.Main.PID); err != nil {
			logFailure(log, err)
			return nil, err
		}
		c.oldPID = m.cfg.Main.PID
	}
	already := map[string]bool{}
	for key := range m.sockets {
		already[key] = true
	}
	opened, err := cfg.prepare(log, console, already, false)
	if err != nil {
		cfg.resources.Stop()
		m.dropPID(c)
		return nil, err
	}
	c.opened = opened.opened
	for _, spec := range cfg.HTTP.Sockets() {
		c.keep[spec.Key()] = true
	}
	cfg.shed()
	return c, nil
}

// commit makes the change that its worker has taken the state of the master.
func (m *master) commit() {
	c := m.change
	m.change = nil
	old := m.worker
	m.worker = c.target
	m.noAccept, m.respawnAt = false, nil
	if c.first {
		m.cfg.redirectStderr()
		if m.opts.Started != nil {
			m.opts.Started(m.cfg)
		}
		m.daemon.Ready()
		m.cfg.shed()
		m.nextChange()
		return
	}
	if m.ending != 0 { // those that were open are closed already
		m.sockets = c.opened
		m.closeSockets()
	}
	for key, ln := range m.sockets {
		if !c.keep[key] {
			m.closeSocket(ln)
			delete(m.sockets, key)
		}
	}
	if m.ending == 0 {
		maps.Copy(m.sockets, c.opened)
	}
	if c.oldPID != "" {
		m.remove(c.oldPID)
	}
	m.host.log.Store(c.cfg.Log)
	m.cfg.close()
	m.cfg, m.record = c.cfg, c.record
	m.cfg.redirectStderr()
	c.asked.End(true)
	if old != nil && old != m.worker && !old.exiting {
		old.exiting = true
		old.tell(process.Message{Kind: sayQuit})
	}
	m.nextChange()
}

// abandon undoes what was opened for the change that did not come into effect.
func (m *master) abandon() {
	c := m.change
	m.change = nil
	if c.first {
		if m.ending == 0 {
			m.code = 1
			m.event(process.Terminate)
		}
		return
	}
	for _, ln := range c.opened {
		_ = ln.Close() // it was never used
	}
	m.dropPID(c)
	c.cfg.close()
	c.asked.End(false)
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
		m.event(e)
	}
}

// dropPID removes the pid file that a change was to have.
func (m *master) dropPID(c *change) {
	if c.oldPID != "" {
		m.remove(c.cfg.Main.PID)
	}
}

func (m *master) remove(pidFile string) {
	if err := process.RemovePID(pidFile); err != nil {
		m.cfg.Log.Fail(errlog.Alert, err)
	}
}

// shed drops what only a worker needs of a configuration.
func (cfg *Config) shed() {
	cfg.resources.Stop()
	cfg.HTTP, cfg.Files, cfg.resources = nil, nil, nil
}
