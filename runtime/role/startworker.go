package role

import (
	"os"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/inputs"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// After a worker that has lived for less than steady the next one is started after a
// pause, which doubles each time, up to maxPause.
const (
	steady   = time.Second
	minPause = 50 * time.Millisecond
	maxPause = 5 * time.Second
)

// start starts a worker with the configuration cfg, which was read from record.
// Failures are logged, and the result is nil.
func (m *master) start(cfg *runtime.Config, record *inputs.Record, sockets map[string]*netio.Listener) *link {
	certs, answers := m.host.Certificates().Versions()
	b := m.newBundle(record)
	b.Daemonized = m.daemonized
	msg, err := b.message(msgConfigure, cfg, sockets)
	log := m.logOf(nil)
	if err != nil {
		log.Fail(errlog.Alert, err)
		return nil
	}
	child, err := process.StartWorker(process.WorkerOptions{
		User: cfg.Main.User, RawSockets: cfg.RawSockets, Env: environment(cfg.Main),
	})
	if err != nil {
		closeFiles(msg.Files)
		log.Fail(errlog.Alert, err)
		return nil
	}
	log.Log(errlog.Notice, 0, nil, nil, "start worker process %d", child.PID)
	m.save()
	m.links.Add(1)
	l := newLink(child, m.reports, m.links.Done)
	m.workers[l] = struct{}{}
	l.first = msg
	l.certs, l.answers = certs, answers
	l.asked = true
	l.startTimer(answerLimit)
	return l
}

// environment is that of a worker: the variables of this process that env directives
// name, and those that the Go runtime reads, which the administrator has set.
func environment(c *runtime.MainConf) []string {
	var out []string
	for _, name := range append([]string{"TZ", "GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG", "GOTRACEBACK"}, c.Env.Items...) {
		if strings.Contains(name, "=") {
			out = append(out, name)
		} else if value, ok := os.LookupEnv(name); ok {
			out = append(out, name+"="+value)
		}
	}
	return out
}

// restart starts a worker in place of l: after a pause where l did not live for long.
func (m *master) restart(l *link) {
	m.opts.Respawned++
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
	if m.ending == 0 && m.worker == nil && !m.noAccept {
		m.worker = m.start(m.cfg, m.record, m.sockets)
		if m.worker == nil {
			m.respawnAt = time.After(maxPause)
		}
	}
}
