package runtime

import (
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/inputs"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// A worker that lives for less than steady was not worth its start: the next one
// has to wait, at most for maxPause.
const (
	steady   = time.Second
	minPause = 50 * time.Millisecond
	maxPause = 5 * time.Second
)

// start starts a worker with the configuration cfg, which was read from record.
// Failures are logged, and the result is nil.
func (m *master) start(cfg *Config, record *inputs.Record, sockets map[string]*netio.Listener) *link {
	b := newBundle(&m.opts, record)
	b.Daemonized = m.daemonized
	msg, err := b.message(sayConfigure, cfg, sockets)
	log := m.logOf(nil)
	if err != nil {
		log.Fail(errlog.Alert, err)
		return nil
	}
	child, err := process.StartWorker(process.WorkerOptions{
		User: cfg.Main.User, RawSockets: cfg.raw, Env: cfg.Main.environment(),
	})
	if err != nil {
		closeFiles(msg.Files)
		log.Fail(errlog.Alert, err)
		return nil
	}
	log.Log(errlog.Notice, 0, nil, nil, "start worker process %d", child.PID)
	m.links.Add(1)
	l := newLink(child, m.news, m.links.Done)
	m.workers[l] = struct{}{}
	l.first = msg
	return l
}

// heard takes what a worker says.
func (m *master) heard(n news) {
	l := n.from
	switch {
	case n.exited != nil:
		delete(m.workers, l)
		m.gone(l, *n.exited)
	case n.Kind == sayHello:
		main := m.cfg.Main
		if m.change != nil && m.change.target == l {
			main = m.change.cfg.Main
		}
		main.applyTo(l.PID, nil) // not before: a Go program begins with changing its limits
		l.tell(l.first)
		l.first = process.Message{}
	case n.Kind == sayDone:
		l.serving = true
		if m.change != nil && m.change.target == l {
			m.commit()
		}
		if l.stale {
			l.stale = false
			m.passLogs(l)
		}
	case n.Kind == sayFailed:
		l.failed = !l.serving
		m.logOf(l).Log(errlog.Emerg, 0, nil, nil, "worker process %d: %s", l.PID, n.Body)
		if m.change != nil && m.change.target == l {
			m.abandon()
		}
	}
}

// logOf is the log for what happens to a worker, nil for one that is being started.
// Who waits for a change that it is to make reads it, too.
func (m *master) logOf(l *link) *errlog.Logger {
	if m.change == nil || m.change.target != l {
		return m.cfg.Log
	}
	return m.change.log
}

// gone is called when a worker has ended.
func (m *master) gone(l *link, e process.Exited) {
	closeFiles(l.first.Files)
	log := m.logOf(l)
	log.Log(errlog.Notice, 0, nil, nil, "signal %d (SIGCHLD) received from %d", int(syscall.SIGCHLD), l.PID)
	text, alert := e.Describe("worker process")
	lv := errlog.Notice
	if alert {
		lv = errlog.Alert
	}
	log.Log(lv, 0, nil, nil, "%s", text)
	fatal := l.failed && e.Status.ExitStatus() == process.FatalCode // a panic ends with the same code
	if fatal {
		log.Log(errlog.Alert, 0, nil, nil, "worker process %d exited with fatal code %d and cannot be respawned", l.PID, process.FatalCode)
	}
	if m.change != nil && m.change.target == l {
		m.abandon()
	}
	if m.worker != l {
		return
	}
	m.worker = nil
	if fatal || l.exiting || m.ending != 0 || m.noAccept {
		return
	}
	if time.Since(l.started) >= steady {
		m.crashes = 0
		m.respawn()
		return
	}
	m.crashes = min(max(2*m.crashes, minPause), maxPause)
	m.respawnAt = time.After(m.crashes)
}

// respawn starts a worker with the configuration that is in effect.
func (m *master) respawn() {
	if m.ending == 0 && m.worker == nil {
		m.worker = m.start(m.cfg, m.record, m.sockets)
		if m.worker == nil {
			m.respawnAt = time.After(maxPause)
		}
	}
}

// insist signals the workers that were told to exit and have not.
func (m *master) insist() {
	m.patience *= 2
	sig := syscall.SIGTERM
	if m.patience > time.Second {
		sig = syscall.SIGKILL
	}
	for l := range m.workers {
		if err := l.Signal(sig); err != nil {
			m.cfg.Log.Fail(errlog.Alert, err)
		}
	}
	m.alarm = time.After(m.patience)
}
