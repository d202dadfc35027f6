package role

import (
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// single is one process that is its own master and worker. Its methods are those of
// holderRole.
type single struct {
	*holder
	server  *runtime.Server
	drained chan struct{} // closed when the last request has ended; nil before QUIT
	over    bool
}

func newSingle(h *holder) *single { return &single{holder: h, server: h.host.NewServer()} }

func (s *single) config() *runtime.Config      { return s.server.Config() }
func (s *single) listeners() []*netio.Listener { return s.server.Listeners() }

func (s *single) begin(c *runtime.Change) error { return s.server.Take(c) }

func (s *single) cancel() { s.server.Stop() }

func (s *single) serve() int {
	s.started()
	for !s.over {
		select {
		case <-s.drained:
			s.over = true
		case e := <-s.changeover.Exited():
			s.newBinaryEnded(e)
		case e := <-s.signals.Events():
			s.obey(e)
		}
	}
	s.notice("exiting")
	s.removePID(s.changeover.PIDFile(s.config().Main.PID))
	s.notice("exit")
	s.server.Close()
	return 0
}

func (s *single) handOver(c *runtime.Change, asked *process.Outcome) {
	err := s.server.Take(c)
	if err == nil {
		s.resume()
	}
	redirectStderr(s.config())
	asked.End(err == nil)
}

func (s *single) ready(process.Event) bool { return s.drained == nil }

func (s *single) terminate() {
	s.letGo()
	s.server.Terminate()
	s.over = true
}

func (s *single) quit() {
	if s.drained != nil {
		return
	}
	s.drained = make(chan struct{})
	s.server.BeginQuit()
	s.notice("gracefully shutting down")
	s.letGo()
	s.results.Close()
	go func() {
		s.server.Drain()
		close(s.drained)
	}()
}

// letGo prepares the sockets for being closed.
func (s *single) letGo() {
	s.server.SetShared(s.changeover.Shared())
	for _, ln := range s.server.Listeners() {
		s.leave(ln)
	}
}

func (s *single) reopen() { reopenLogs(s.config(), sameOwner) }

func (s *single) save() { s.server.Save() }

func (s *single) pause() {
	s.server.BeginQuit()
	s.notice("gracefully shutting down")
	s.server.Pause()
}

func (s *single) resume() { s.server.Resume() }
