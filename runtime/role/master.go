package role

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/inputs"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// master is a process that may do everything and serves nothing: it reads the
// configuration, opens log files and sockets, and hands all of it to a worker that
// runs as another user. It stands for ngx_master_process_cycle. Methods without a
// comment are those of holderRole.
type master struct {
	*holder
	cfg     *runtime.Config            // in effect; of it only logs and settings are kept
	record  *inputs.Record             // what cfg was read from
	sockets map[string]*netio.Listener // by key

	workers map[*link]struct{} // all that live
	worker  *link              // the one that serves, nil for none
	change  *handover          // under way, nil for none
	later   []process.Event    // what is to be done after it
	reports chan report
	links   sync.WaitGroup

	certificates chan struct{} // has a value when those of the Table have changed

	ending      process.Event // Quit or Terminate, once asked for
	noAccept    bool          // WINCH: no worker until the next reload
	code        int           // to exit with
	insistAfter time.Duration // until the next signal to workers that should have ended
	alarm       <-chan time.Time
	crashes     time.Duration // the pause before a worker that crashed at once is replaced
	respawnAt   <-chan time.Time
}

func newMaster(h *holder) *master {
	return &master{holder: h, workers: map[*link]struct{}{}, reports: make(chan report)}
}

func (m *master) config() *runtime.Config { return m.cfg }

func (m *master) listeners() []*netio.Listener { return slices.Collect(maps.Values(m.sockets)) }

func (m *master) begin(c *runtime.Change) error {
	m.cfg, m.record, m.sockets = c.Config, m.recorder.Record(), c.Opened()
	m.change = &handover{Change: c, record: m.record, first: true}
	return nil
}

func (m *master) cancel() {
	m.closeSockets()
	m.cfg.Close()
}

func (m *master) serve() int {
	m.follow()
	m.notice("start worker processes")
	if m.change.target = m.start(m.cfg, m.record, m.sockets); m.change.target == nil {
		m.code = 1
		m.ending = process.Terminate
	}
	for m.ending == 0 || len(m.workers) > 0 {
		select {
		case e := <-m.signals.Events():
			m.obey(e)
		case n := <-m.reports:
			m.onReport(n)
		case e := <-m.changeover.Exited():
			m.newBinaryEnded(e)
		case <-m.certificates:
			m.passCertificates()
		case <-m.alarm:
			m.insist()
		case <-m.respawnAt:
			m.respawnAt = nil
			m.respawn()
		}
	}
	m.host.CloseIssuing()
	m.links.Wait()
	m.removePID(m.changeover.PIDFile(m.cfg.Main.PID))
	m.notice("exit")
	m.closeSockets()
	m.cfg.Close()
	return m.code
}

func (m *master) terminate() {
	if m.ending != process.Terminate {
		m.ending = process.Terminate
		m.host.StopIssuing()
		m.results.Close()
		m.insistAfter = 50 * time.Millisecond
		m.tellAll(msgTerminate, nil)
		m.alarm = time.After(m.insistAfter)
	}
}

func (m *master) quit() {
	if m.ending != 0 {
		return
	}
	m.ending = process.Quit
	m.host.StopIssuing()
	m.results.Close()
	var owner []byte
	if !m.changeover.Shared() {
		owner = lastOwner
	}
	m.closeSockets() // before the workers do: the last owner takes what waits in them
	m.tellAll(msgQuit, owner)
}

func (m *master) ready(e process.Event) bool {
	if m.ending == 0 && m.change != nil && !slices.Contains(m.later, e) {
		m.later = append(m.later, e)
	}
	return m.ending == 0 && m.change == nil
}

// tellAll tells every worker to end.
func (m *master) tellAll(kind byte, body []byte) {
	for l := range m.workers {
		if l.exiting && kind == msgQuit {
			continue
		}
		l.exiting = true
		l.tell(process.Message{Kind: kind, Body: body})
	}
}

func (m *master) save() {
	for l := range m.workers {
		if l.serving && !l.givenUp {
			l.tell(process.Message{Kind: msgSave})
		}
	}
}

func (m *master) pause() {
	m.noAccept = true
	m.host.StopIssuing()
	m.respawnAt = nil
	m.tellAll(msgQuit, nil)
	m.worker = nil
}

// resume starts a worker with the configuration that is in effect.
func (m *master) resume() {
	if m.noAccept && m.ending == 0 {
		m.noAccept = false
		m.host.ResumeIssuing(m.cfg)
		m.notice("start worker processes")
		m.respawn()
	}
}

func (m *master) closeSockets() {
	for _, ln := range m.sockets {
		m.closeSocket(ln)
	}
	m.sockets = nil
}

// closeSocket closes a socket from which this process does not accept.
func (m *master) closeSocket(ln *netio.Listener) {
	m.leave(ln)
	_ = ln.Close()
}
