package runtime

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/inputs"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// master is a process that may do everything and serves nothing: it reads the
// configuration, opens log files and sockets, and hands all of it to a worker that
// runs as another user. It stands for ngx_master_process_cycle.
//
// All state belongs to the goroutine of run.
type master struct {
	opts   Options
	host   *host
	daemon *process.Daemon

	cfg        *Config                    // in effect; of it only logs and settings are kept
	record     *inputs.Record             // what cfg was read from
	sockets    map[string]*netio.Listener // by key
	signals    *process.Signals
	daemonized bool
	changeover *process.Changeover
	results    *process.Results

	workers map[*link]struct{} // all that live
	worker  *link              // the one that serves, nil for none
	change  *change            // under way, nil for none
	later   []process.Event    // what is to be done after it
	news    chan news
	links   sync.WaitGroup

	ending    process.Event // Quit or Terminate, once asked for
	noAccept  bool          // WINCH: no worker until the next reload
	code      int           // to exit with
	patience  time.Duration // until the next signal to workers that should have ended
	alarm     <-chan time.Time
	crashes   time.Duration // the pause before a worker that crashed at once is replaced
	respawnAt <-chan time.Time
}

// runMaster is Run for a master. s has loaded its configuration through recorder.
func runMaster(
	s *Server, recorder *inputs.Recorder, early *startLog, daemon *process.Daemon, signals *process.Signals, daemonized bool,
) int {
	m := &master{
		opts: s.opts, host: s.host, daemon: daemon, daemonized: daemonized, cfg: s.cfg, record: recorder.Record(),
		workers: map[*link]struct{}{}, news: make(chan news), changeover: s.changeover, signals: signals,
	}
	m.opts.inputs = nil
	opened, err := m.cfg.prepare(early.Logger, m.opts.Console, nil, false)
	if err != nil {
		return 1
	}
	early.close()
	m.sockets = opened.opened
	logSystem(m.cfg.Log)
	m.results = openResults(m.cfg.Log)
	defer m.results.Close()
	if err := process.WritePID(m.cfg.Main.PID); err != nil {
		logFailure(opened.log, err)
		m.closeSockets()
		m.cfg.close()
		return 1
	}
	m.host.log.Store(m.cfg.Log)
	process.SetTitle(process.TitleMaster + " " + process.Command())
	m.notice("start worker processes")
	m.change = &change{cfg: m.cfg, record: m.record, log: opened.log, first: true}
	if m.change.target = m.start(m.cfg, m.record, m.sockets); m.change.target == nil {
		m.code = 1
		m.ending = process.Terminate
	}
	m.obey()
	return m.finish()
}

// obey serves signals and workers until the end was asked for and none of them
// lives.
func (m *master) obey() {
	for m.ending == 0 || len(m.workers) > 0 {
		select {
		case e := <-m.signals.Events():
			m.event(e)
		case n := <-m.news:
			m.heard(n)
		case e := <-m.changeover.Exited():
			m.newBinaryEnded(e)
		case <-m.alarm:
			m.insist()
		case <-m.respawnAt:
			m.respawnAt = nil
			m.respawn()
		}
	}
}

// event does what a signal asks for.
func (m *master) event(e process.Event) {
	switch e {
	case process.Terminate:
		if m.ending != process.Terminate {
			m.ending = process.Terminate
			m.results.Close()
			m.patience = 50 * time.Millisecond
			m.tellAll(sayTerminate, nil)
			m.alarm = time.After(m.patience)
		}
	case process.Quit:
		if m.ending == 0 {
			m.ending = process.Quit
			m.results.Close()
			var owner []byte
			if !m.changeover.Shared() {
				owner = lastOwner
			}
			m.closeSockets() // before the workers do: the last owner takes what waits in them
			m.tellAll(sayQuit, owner)
		}
	case process.Reload, process.Upgrade, process.StopAccepting:
		switch {
		case m.ending != 0:
		case m.change != nil:
			if !slices.Contains(m.later, e) {
				m.later = append(m.later, e)
			}
		case e == process.Reload:
			m.reload()
		case e == process.Upgrade:
			m.cfg.changeBinary(m.changeover, slices.Collect(maps.Values(m.sockets)))
		default:
			m.stopAccepting()
		}
	case process.Reopen:
		m.notice("reopening logs")
		m.reopen()
	}
}

// tellAll tells every worker to end.
func (m *master) tellAll(kind byte, body []byte) {
	for l := range m.workers {
		if l.exiting && kind == sayQuit {
			continue
		}
		l.exiting = true
		l.tell(process.Message{Kind: kind, Body: body})
	}
}

// finish is the last thing of a master whose workers have ended.
func (m *master) finish() int {
	m.links.Wait()
	m.remove(m.changeover.PIDFile(m.cfg.Main.PID))
	m.notice("exit")
	m.closeSockets()
	m.cfg.close()
	return m.code
}

func (m *master) notice(text string) { m.cfg.notice(text) }

func (m *master) closeSockets() {
	for _, ln := range m.sockets {
		m.closeSocket(ln)
	}
	m.sockets = nil
}

// reopen opens the log files anew and passes them on.
func (m *master) reopen() {
	m.cfg.logs.Reopen(m.cfg.Main.User.UID)
	m.cfg.redirectStderr()
	if m.change != nil && !m.change.first {
		m.change.cfg.logs.Reopen(m.change.cfg.Main.User.UID)
	}
	for l := range m.workers {
		if l.stale = !l.serving || m.change != nil && m.change.target == l; !l.stale {
			m.passLogs(l, m.cfg)
		}
	}
}

// passStale passes on the log files of cfg, which a worker has taken or goes on with, where they
// were opened anew while it had a configuration on the way.
func (m *master) passStale(l *link, cfg *Config) {
	if l.stale {
		l.stale = false
		m.passLogs(l, cfg)
	}
}

// passLogs gives a worker the log files of cfg as they are open now.
func (m *master) passLogs(l *link, cfg *Config) {
	b := &bundle{}
	msg, err := b.message(sayReopen, cfg, nil)
	if err != nil {
		m.cfg.Log.Fail(errlog.Alert, err)
		return
	}
	l.tell(msg)
}
