package runtime

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/http1"
	"github.com/sluiceproxy/sluice/runtime/http2"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Server runs configurations, one after the other, in this process. Its
// methods are called by one owner.
//
//	s, err := runtime.NewServer(opts)
//	err = s.Start()  // listens and serves
//	err = s.Reload() // the running configuration stays on an error
//	s.Quit()         // lets requests finish
type Server struct {
	opts   Options
	host   *Host
	cfg    *Config
	first  *Change         // from NewServer to Start
	front  *front.Instance // nil until the first configuration is taken
	engine *httpd.Engine
	shared bool // see SetShared
}

// NewServer loads the configuration of o. The error is a *Problem; such a
// server is good for Config alone.
func NewServer(o Options) (*Server, error) {
	s := NewHost().NewServer()
	s.opts = o
	s.first = s.host.Load(o, nil)
	s.cfg = s.first.Config
	return s, s.first.Report(nil, o.Console)
}

// NewServer returns a Server without a configuration: it begins to serve when it takes
// its first one.
func (h *Host) NewServer() *Server {
	h.serves = true
	return &Server{host: h}
}

// Config returns the configuration in effect; before Start the one that was loaded, and
// after a failed load what could be read of it. nil where there is none.
func (s *Server) Config() *Config { return s.cfg }

// Start opens logs and sockets and begins to serve. Failures are logged, too, once a
// log is open.
func (s *Server) Start() error {
	c := s.first
	s.first = nil
	return s.change(c)
}

// Reload loads the configuration anew and switches to it. On an error, which
// is logged, the running one goes on.
func (s *Server) Reload() error {
	c := s.host.Load(s.opts, s.cfg)
	if err := c.Report(s.cfg.Log, nil); err != nil {
		return err
	}
	return s.change(c)
}

// change takes a loaded configuration through the other steps.
func (s *Server) change(c *Change) error {
	if err := c.Check(); err != nil {
		return err
	}
	if err := c.Open(s.Listeners()); err != nil {
		return err
	}
	return s.Take(c)
}

// Take makes an opened configuration the one that serves, and commits the change. On an
// error, which is logged, the change is undone.
func (s *Server) Take(c *Change) error {
	bound, opened, err := s.prepare(c)
	if err != nil {
		return c.Fail(err)
	}
	cfg := c.Config
	old := s.cfg
	s.host.threads.set(cfg.Main.Workers)
	cfg.Main.apply(cfg.Log)
	s.front.SetLog(cfg.Log)
	s.front.SetDebugConnections(&cfg.Main.DebugConnections)
	s.front.SetConnectionLimit(cfg.Main.Connections)
	s.front.Use(bound, opened)
	s.host.memory.soon() // what reading the configuration has left behind
	c.Commit()
	s.cfg = cfg
	if old != nil && old != cfg {
		old.resources.OnStop(s.host.memory.soon) // what the connections under it have kept until now
	}
	return nil
}

// prepare does what can fail in Take. It returns the configuration as the front has it, and
// the sockets that it adds.
func (s *Server) prepare(c *Change) (bound front.Config, opened []*netio.Listener, err error) {
	if s.front == nil {
		if s.front, err = front.NewInstance(&s.host.stats.Stats); err != nil {
			return nil, nil, err
		}
		s.engine = httpd.NewEngine(s.host.stats, http1.Serve, http2.Serve)
		s.front.SetShared(s.shared)
	}
	if err := c.Config.HTTP.Start(); err != nil {
		return nil, nil, err
	}
	bound = s.engine.Bind(c.Config.HTTP)
	opened, err = s.front.Open(bound, c.opened, nil)
	return bound, opened, err
}

// Reopen opens the log files anew (USR1).
func (s *Server) Reopen() { s.cfg.LogFiles().Reopen(-1) }

// Listeners returns the open sockets.
func (s *Server) Listeners() []*netio.Listener {
	if s.front == nil {
		return nil
	}
	return s.front.Listeners()
}

// SetShared says whether another process accepts from the same sockets: then the
// connections that wait in them are left to it when this one stops.
func (s *Server) SetShared(on bool) {
	s.shared = on
	if s.front != nil {
		s.front.SetShared(on)
	}
}

// OutOfDescriptors reports whether clients wait for a descriptor of this process.
func (s *Server) OutOfDescriptors() bool { return s.front != nil && s.front.OutOfDescriptors() }

// Pause stops accepting and lets the requests under way finish, and keeps the sockets
// (WINCH).
func (s *Server) Pause() {
	s.front.Pause()
	s.cfg.resources.Pause()
	s.host.StopIssuing()
}

// Resume takes up the work that Pause has ended.
func (s *Server) Resume() {
	s.cfg.resources.Resume()
	s.host.ResumeIssuing(s.cfg)
	s.front.Resume()
}

// Save writes what the configuration keeps in files, for a process that is about to read them.
func (s *Server) Save() { s.cfg.resources.Save() }

// BeginQuit makes each response from now on the last one of its connection: what says in a log that the server
// quits comes after it. Drain or Pause follows.
func (s *Server) BeginQuit() { s.front.BeginQuit() }

// Quit stops accepting, lets the requests under way finish, at most for
// worker_shutdown_timeout, and closes the logs.
func (s *Server) Quit() {
	s.Drain()
	s.Close()
}

// Stop ends at once: nothing is accepted any more, and the logs are closed.
// What is under way ends with the process.
func (s *Server) Stop() {
	s.Terminate()
	s.Close()
}

// Drain is Quit without closing the logs.
func (s *Server) Drain() {
	s.host.StopIssuing()
	s.cfg.resources.Pause()
	done := make(chan struct{})
	go func() {
		s.front.Quit()
		close(done)
	}()
	var limit <-chan time.Time
	if ms := s.cfg.Main.ShutdownTimeout; ms > 0 {
		t := time.NewTimer(time.Duration(ms) * time.Millisecond)
		defer t.Stop()
		limit = t.C
	}
	select {
	case <-done:
	case <-limit:
	}
}

// Terminate is Stop without closing the logs.
func (s *Server) Terminate() { s.front.Terminate() }

// Close closes the logs of a server that has stopped, and saves what the configuration
// keeps in files.
func (s *Server) Close() {
	s.host.CloseIssuing()
	s.Save()
	s.cfg.Close()
}
