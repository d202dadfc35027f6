package runtime

import (
	"runtime"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Server runs configurations, one after the other, in this process. Its
// methods are called by one owner.
//
//	s, err := runtime.NewServer(opts)
//	err = s.Start()  // listens and serves
//	err = s.Reload() // the running configuration stays on an error
//	s.Quit()         // lets requests finish
type Server struct {
	opts Options
	proc *process
	cfg  *Config
	http *httpd.Instance
}

// NewServer loads the configuration of o. The error is a *Problem.
func NewServer(o Options) (*Server, error) {
	s := &Server{opts: o, proc: newProcess()}
	cfg, err := s.proc.load(o, nil)
	s.cfg = cfg
	return s, err
}

// Config returns the configuration in effect; after a failed load what could
// be read of it.
func (s *Server) Config() *Config { return s.cfg }

// Check does what -t does beyond loading: it opens the log files and tries to
// listen.
func (s *Server) Check() error {
	if err := s.cfg.open(); err != nil {
		return err
	}
	if !s.cfg.Main.events {
		return ErrNoEvents
	}
	return nil
}

// Start opens logs and sockets and begins to serve.
func (s *Server) Start() error {
	if err := s.Check(); err != nil {
		return err
	}
	inst, err := httpd.NewInstance(s.proc.stats)
	if err != nil {
		return err
	}
	s.http = inst
	return s.use(s.cfg)
}

// use makes a loaded configuration the one that serves.
func (s *Server) use(cfg *Config) error {
	h := cfg.HTTP
	if h == nil {
		h = &httpd.Config{}
	}
	warn := func(err error) { cfg.Log.Fail(errlog.Alert, err) }
	opened, err := s.http.Open(h, nil, warn)
	if err != nil {
		return err
	}
	if err := h.Start(); err != nil {
		httpd.Discard(opened)
		return err
	}
	runtime.GOMAXPROCS(cfg.Main.Workers)
	s.http.SetLog(cfg.Log)
	s.http.SetConnectionLimit(cfg.Main.Connections)
	s.http.Use(h, opened)
	s.proc.carry = s.proc.next
	return nil
}

// Reload loads the configuration anew and switches to it. On an error, which
// is logged, the running one goes on.
func (s *Server) Reload() error {
	cfg, err := s.proc.load(s.opts, s.cfg)
	if err == nil {
		err = cfg.open()
	}
	if err == nil {
		err = s.use(cfg)
	}
	if err != nil {
		s.cfg.Log.Log(errlog.Emerg, 0, nil, nil, "%s", err.Error())
		return err
	}
	s.cfg = cfg
	return nil
}

// Reopen opens the log files anew (USR1).
func (s *Server) Reopen() { s.cfg.logs.Reopen(-1) }

// Quit stops accepting, lets the requests under way finish, at most for
// worker_shutdown_timeout, and closes the logs.
func (s *Server) Quit() {
	done := make(chan struct{})
	go func() {
		s.http.Quit()
		close(done)
	}()
	var limit <-chan time.Time
	if ms := s.cfg.Main.ShutdownTimeout; ms > 0 {
		limit = time.After(time.Duration(ms) * time.Millisecond)
	}
	select {
	case <-done:
	case <-limit:
	}
	s.cfg.logs.Close()
}

// Stop ends at once: connections are cut.
func (s *Server) Stop() {
	s.http.StopListening()
	s.cfg.logs.Close()
}
