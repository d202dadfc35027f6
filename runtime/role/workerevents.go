package role

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// onReport takes a message of a worker, or what has become of it.
func (m *master) onReport(r report) {
	l := r.from
	switch {
	case r.exited != nil:
		l.stopTimer()
		delete(m.workers, l)
		m.onExit(l, *r.exited)
	case l.givenUp:
	case r.silent:
		l.startTimer(answerLimit) // it is about to end
	case r.overdue != 0:
		if r.overdue == l.timerID {
			m.giveUp(l, "has not answered in time")
		}
	case errors.Is(r.broken, os.ErrDeadlineExceeded):
		m.giveUp(l, "does not take messages")
	case r.broken != nil || !m.onMessage(l, r.Message):
		l.serving = false // whatever it serves, it is not the worker that was started
		m.giveUp(l, "sends what is no message")
	}
}

// onMessage takes a message of a worker. ok is false for one that was not asked for.
func (m *master) onMessage(l *link, msg process.Message) (ok bool) {
	switch {
	case msg.Kind == msgHello && l.first.Kind != 0:
		m.onHello(l)
	case msg.Kind == msgDone && l.asked:
		m.onDone(l)
	case msg.Kind == msgFailed && l.asked:
		m.onFailed(l, msg.Body)
	case msg.Kind == msgConfirm && l.first.Kind == 0:
		return m.onConfirm(l, msg.Body)
	case msg.Kind == msgFinish && l.serving:
		m.onFinish(l)
	default:
		return false
	}
	return true
}

// onHello sends its first configuration to a worker that has started.
func (m *master) onHello(l *link) {
	main := m.cfg.Main
	if m.change != nil && m.change.target == l {
		main = m.change.Config.Main
	}
	l.Do(func(pid int) { main.Limit(pid, nil) }) // not before: a Go program begins with changing its limits
	l.tell(l.first)
	l.first = process.Message{}
	m.passTo(l)
}

// onDone is called when a worker serves the configuration that it was sent.
func (m *master) onDone(l *link) {
	l.asked, l.serving = false, true
	l.stopTimer()
	if m.change == nil || m.change.target != l {
		m.passStale(l, m.cfg)
		return
	}
	m.passStale(l, m.change.Config) // before commit, behind which the next configuration may be on its way
	m.commit()
}

// onFailed is called when a worker has refused the configuration that it was sent.
func (m *master) onFailed(l *link, why []byte) {
	l.asked, l.failed = false, !l.serving
	l.stopTimer()
	if l.failed {
		l.startTimer(answerLimit) // it is about to end
	}
	if l.serving {
		m.passStale(l, m.cfg) // with which it goes on
	}
	m.logOf(l).Log(errlog.Emerg, 0, nil, nil, "worker process %d: %s", l.PID, printable(why))
	if m.change != nil && m.change.target == l {
		m.abandon()
	}
}

// onFinish is called when a worker has begun to finish without being told to by the
// master. It accepts nothing any more, so another takes its place.
func (m *master) onFinish(l *link) {
	if l.exiting {
		return
	}
	l.exiting, l.asked = true, false
	l.stopTimer()
	m.passStale(l, m.cfg)
	if m.worker == l {
		m.worker = nil
	}
	if c := m.change; c != nil && c.target == l {
		m.replace(c)
		return
	}
	m.respawn()
}

// giveUp ends the conversation with a worker that does not keep to it. One that
// serves is asked to finish by a signal, which a process that stands still obeys when
// it goes on; meanwhile another takes its place. One that has not served yet is
// killed.
func (m *master) giveUp(l *link, why string) {
	l.givenUp = true
	l.stopTimer()
	l.cut()
	log := m.logOf(l)
	log.Log(errlog.Alert, 0, nil, nil, "worker process %d %s, it is given up", l.PID, why)
	sig := syscall.SIGKILL
	if l.serving && m.ending != process.Terminate {
		sig = syscall.SIGQUIT
	}
	if err := l.Signal(sig); err != nil {
		log.Fail(errlog.Alert, err)
	}
	wasServing, wasWorker := l.serving && !l.exiting, m.worker == l
	l.exiting = true
	if wasWorker {
		m.worker = nil
	}
	c := m.change
	switch {
	case c == nil || c.target != l:
		if wasWorker {
			m.restart(l)
		}
	case c.first || !wasServing || m.ending != 0:
		m.abandon()
	default:
		m.replace(c)
	}
}

// logOf is the log for what happens to a worker, nil for one that is being started.
// Commands that wait for the change that it is to make get the lines, too.
func (m *master) logOf(l *link) *errlog.Logger {
	if m.change == nil || m.change.target != l {
		return m.cfg.Log
	}
	return m.change.Log
}

// onExit is called when a worker has ended.
func (m *master) onExit(l *link, e process.Exited) {
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
	if m.worker == l { // first, since abandon goes on with the next change
		m.worker = nil
		if !fatal {
			m.restart(l)
		}
	}
	if m.change != nil && m.change.target == l {
		m.abandon()
	}
}

// insist signals the workers that were told to exit and have not.
func (m *master) insist() {
	m.insistAfter *= 2
	sig := syscall.SIGTERM
	if m.insistAfter > time.Second {
		sig = syscall.SIGKILL
	}
	for l := range m.workers {
		if err := l.Signal(sig); err != nil {
			m.cfg.Log.Fail(errlog.Alert, err)
		}
	}
	m.alarm = time.After(m.insistAfter)
}

// printable is what a worker has sent, as far as a terminal may print it: a worker that
// was taken over is not to write lines of its own or commands into a log of root's.
func printable(text []byte) string {
	var b []byte
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if unicode.IsPrint(r) && (r != utf8.RuneError || n > 1) {
			b = append(b, text[:n]...)
		} else {
			for _, c := range text[:n] {
				b = fmt.Appendf(b, "\\x%02X", c)
			}
		}
		text = text[n:]
	}
	return string(b)
}
