package runtime

import (
	"io"
	"runtime/debug"

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
func (cfg *Config) changeBinary(c *process.Changeover, sockets []*netio.Listener) {
	cfg.notice("changing binary")
	var fds []int
	for _, ln := range sockets {
		fds = append(fds, ln.Fds()...)
	}
	c.Start(cfg.Log, cfg.Main.PID, fds)
}

// newBinaryEnded is called when the successor has not lived: this binary goes on.
func (s *Server) newBinaryEnded(e process.Exit) {
	s.changeover.Ended(s.cfg.Log, s.cfg.Main.PID, e)
	s.resume()
}

// pause leaves the sockets to the successor and ends the connections gracefully
// (WINCH).
func (s *Server) pause() {
	s.notice("gracefully shutting down")
	s.http.Pause()
	s.paused = true
}

// resume takes up the work that pause has ended.
func (s *Server) resume() {
	if s.paused {
		s.http.Resume()
		s.paused = false
	}
}

// reconfigure is HUP: another configuration, or, beside a successor, the one
// before it was started once more.
func (s *Server) reconfigure() {
	asked := s.results.Begin()
	if s.changeover.NewRuns() {
		s.resume()
		asked.End(true)
		return
	}
	s.notice("reconfiguring")
	err := s.reload(asked)
	if err == nil { // else it has logged what went wrong
		s.resume()
	} else {
		debug.FreeOSMemory() // see MainConf.apply
	}
	s.redirectStderr()
	asked.End(err == nil)
}

// openResults listens for "-s reload", which waits for the result of a reload. A failure,
// such as another process that has the name, is logged; the result is nil then.
func openResults(log *errlog.Logger) *process.Results {
	r, err := process.NewResults()
	if err != nil {
		log.Fail(errlog.Error, err)
	}
	return r
}

// logFor returns the log of cfg and, where commands wait for the result of a reload, the
// console that passes the lines on to them.
func (cfg *Config) logFor(asked *process.Outcome) (*errlog.Logger, io.Writer) {
	if asked == nil {
		return cfg.Log, nil
	}
	return errlog.New(errlog.Config{Outputs: cfg.outputs, Console: asked}), asked
}

// letGo prepares the sockets for being closed: what another binary uses stays.
func (s *Server) letGo() {
	shared := s.changeover.Shared()
	s.http.SetShared(shared)
	for _, ln := range s.http.Listeners() {
		ln.SetUnlink(!shared)
	}
}
