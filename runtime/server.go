package runtime

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// ErrNoEvents is nginx's complaint about a file without an events block.
var ErrNoEvents = errors.New(`no "events" section in configuration`)

// Server runs configurations, one after the other, in this process. Its
// methods are called by one owner.
//
//	s, err := runtime.NewServer(opts)
//	err = s.Start()  // listens and serves
//	err = s.Reload() // the running configuration stays on an error
//	s.Quit()         // lets requests finish
type Server struct {
	opts    Options
	host    *host
	cfg     *Config
	http    *httpd.Instance
	reserve []byte // see heapReserve
	hasPID  bool   // this server wrote the pid file

	changeover *process.Changeover // of Run
	results    *process.Results    // of Run
	paused     bool                // WINCH: see pause
}

// NewServer loads the configuration of o. The error is a *Problem; such a
// server is good for Config alone.
func NewServer(o Options) (*Server, error) { return newServer(o, newHost()) }

func newServer(o Options, h *host) (*Server, error) {
	s := &Server{opts: o, reserve: reserveHeap(), host: h}
	cfg, err := s.host.load(&s.opts, nil)
	s.cfg = cfg
	return s, err
}

// Config returns the configuration in effect; after a failed load what could
// be read of it.
func (s *Server) Config() *Config { return s.cfg }

// Start opens logs and sockets and begins to serve. Failures are logged, too.
func (s *Server) Start() error { return s.start(nil) }

// start is Start with the log to use before the configuration's own is open.
func (s *Server) start(early *errlog.Logger) error {
	sockets, err := s.cfg.prepare(early, s.opts.Console, nil, false)
	if err != nil {
		return err
	}
	if s.http, err = httpd.NewInstance(s.host.stats); err == nil {
		err = s.use(s.cfg, sockets)
	}
	if err != nil {
		logFailure(sockets.log, err)
		sockets.close()
	}
	return err
}

// Check is what -t does beyond loading: it makes folders, opens the log files
// and the pid file and tries to listen, and leaves nothing open.
func (s *Server) Check() error { return s.check(nil) }

func (s *Server) check(early *errlog.Logger) error {
	if err := s.cfg.complete(); err != nil {
		logFailure(early, err)
		return err
	}
	if err := process.TestPID(s.cfg.Main.PID); err != nil {
		logFailure(early, err)
		return err
	}
	sockets, err := s.cfg.prepare(early, s.opts.Console, nil, true)
	if err != nil {
		return err
	}
	sockets.close()
	s.cfg.close()
	return nil
}

// complete makes the checks that belong to no block.
func (cfg *Config) complete() error {
	if !cfg.Main.events {
		return ErrNoEvents
	}
	if n := len(cfg.HTTP.Sockets()); cfg.Main.Connections < n+1 {
		return fmt.Errorf("%d worker_connections are not enough for %d listening sockets", cfg.Main.Connections, n)
	}
	return cfg.checkLate()
}

// prepare makes folders and opens log files and sockets, except those that have
// already is true for. Failures are logged: in early until cfg's own log is
// open, then there and on the console. On an error nothing stays open.
func (cfg *Config) prepare(early *errlog.Logger, console io.Writer, already map[string]bool, test bool) (*sockets, error) {
	err := cfg.complete()
	if err == nil {
		cfg.Main.warnOfMasks(early, cfg.masks)
		err = makeFolders(cfg.folders, cfg.Main.User)
	}
	if err == nil {
		err = cfg.logs.Open()
	}
	if err != nil {
		logFailure(early, err)
		return nil, err
	}
	s := &sockets{log: errlog.New(errlog.Config{Outputs: cfg.outputs, Console: console}), test: test, handed: cfg.handed}
	if err := s.open(cfg.HTTP.Sockets(), already); err != nil {
		cfg.close()
		return nil, err
	}
	if !test {
		s.log.Log(errlog.Notice, 0, nil, nil, "using the \"%s\" event method", process.EventMethod)
	}
	cfg.Main.warnOfLimits(s.log)
	return s, nil
}

// use makes a prepared configuration the one that serves.
func (s *Server) use(cfg *Config, sockets *sockets) error {
	if err := cfg.HTTP.Start(); err != nil {
		cfg.resources.Drop()
		return err
	}
	opened, err := s.http.Open(cfg.HTTP, sockets.opened, nil)
	if err != nil {
		cfg.resources.Drop()
		return err
	}
	if old := s.cfg; old != nil && old != cfg {
		old.resources.OnStop(old.close)
	}
	cfg.Main.apply(cfg.Log)
	s.http.SetLog(cfg.Log)
	s.http.SetDebugConnections(&cfg.Main.DebugConnections)
	s.http.SetConnectionLimit(cfg.Main.Connections)
	s.http.Use(cfg.HTTP, opened)
	s.host.log.Store(cfg.Log)
	cfg.resources.Adopt()
	s.cfg = cfg
	debug.FreeOSMemory() // what reading the configuration left behind
	return nil
}

// Reload loads the configuration anew and switches to it. On an error, which
// is logged, the running one goes on.
func (s *Server) Reload() error { return s.reload(nil) }

// reload is Reload, with the commands that wait for its result; nil for none.
func (s *Server) reload(asked *process.Outcome) error {
	log, console := s.cfg.logFor(asked)
	cfg, err := s.host.load(&s.opts, s.cfg)
	logWarnings(log, cfg.warnings)
	if err != nil {
		logFailure(log, err)
		return err
	}
	oldPID := s.cfg.Main.PID
	movePID := s.hasPID && cfg.Main.PID != oldPID
	if movePID {
		if err := process.WritePID(cfg.Main.PID); err != nil {
			logFailure(log, err)
			return err
		}
		defer func() {
			if s.cfg == cfg {
				s.removePID(oldPID)
			} else {
				s.removePID(cfg.Main.PID)
			}
		}()
	}
	already := map[string]bool{}
	for _, ln := range s.http.Listeners() {
		already[ln.Key()] = true
	}
	sockets, err := cfg.prepare(log, console, already, false)
	if err != nil {
		return err
	}
	if err := s.use(cfg, sockets); err != nil {
		logFailure(log, err)
		sockets.close()
		return err
	}
	return nil
}

// Reopen opens the log files anew (USR1).
func (s *Server) Reopen() { s.cfg.logs.Reopen(-1) }

// Quit stops accepting, lets the requests under way finish, at most for
// worker_shutdown_timeout, and closes the logs.
func (s *Server) Quit() {
	s.drain()
	s.cfg.close()
}

// Stop ends at once: nothing is accepted any more, and the logs are closed.
// What is under way ends with the process.
func (s *Server) Stop() {
	s.http.Terminate()
	s.cfg.close()
}

// drain stops accepting and waits for the requests under way.
func (s *Server) drain() {
	done := make(chan struct{})
	go func() {
		s.http.Quit()
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

// close closes the logs of cfg. It may be called twice.
func (cfg *Config) close() {
	cfg.Log.Close()
	cfg.logs.Close()
}
