package runtime

import (
	"fmt"
	"io"
	"os"
	goruntime "runtime"
	"syscall"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/inputs"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// Run is the program's life as a server: it loads the configuration, goes into
// the background unless it says `daemon off`, serves, and obeys signals until
// one of them ends it. It returns the exit code.
//
// A daemon is another process that runs the same program with the same
// arguments, and so comes here as well; what there is to say about the
// configuration is left to it.
func Run(o Options) int {
	daemon, inChild := process.Resume()
	heir := process.IsHeir()
	o.own()
	var recorder *inputs.Recorder // of what a worker will have to know
	role := process.Single
	if os.Geteuid() == 0 {
		recorder = inputs.NewRecorder(inputs.System{})
		o.inputs = recorder
		role = process.Master
	}
	h, changeover := newHost(), process.NewChangeover(heir, inChild)
	// What is asked for during the start is done after it.
	signals := process.Notify(process.NotifyOptions{
		Log: h.log.Load, Role: role, Daemonized: inChild || heir, UpgradeUnderWay: changeover.Busy,
	})
	defer signals.Close()
	s, err := newServer(o, h)
	s.changeover = changeover
	s.opts.inputs, o.inputs = nil, nil
	if err == nil && s.cfg.Main.Daemon && !o.Foreground && !inChild && !heir {
		signals.Close()
		log := errlog.New(errlog.Config{Console: o.Console})
		return process.Daemonize(log)
	}
	early := openStartLog(&s.opts, errlog.Notice)
	defer early.close()
	handed := inheritSockets(early.Logger)
	logWarnings(early.Logger, s.cfg.warnings)
	if err != nil {
		logFailure(early.Logger, err)
		return 1
	}
	s.cfg.handed = handed
	if recorder != nil && s.cfg.Main.MasterProcess {
		return runMaster(s, recorder, &early, daemon, signals, inChild || heir)
	}
	if err := s.start(early.Logger); err != nil {
		return 1
	}
	early.close()
	logSystem(s.cfg.Log)
	s.results = openResults(s.cfg.Log)
	defer s.results.Close()
	if err := process.WritePID(s.cfg.Main.PID); err != nil {
		log := errlog.New(errlog.Config{Outputs: s.cfg.outputs, Console: o.Console})
		logFailure(log, err)
		s.Stop()
		return 1
	}
	s.hasPID = true
	if s.cfg.Main.MasterProcess { // by the name of which scripts look for it
		process.SetTitle(process.TitleMaster + " " + process.Command())
	}
	s.redirectStderr()
	if o.Started != nil {
		o.Started(s.cfg)
	}
	daemon.Ready()
	s.obey(signals.Events())
	return 0
}

// obey serves signals until one of them has ended the server.
func (s *Server) obey(events <-chan process.Event) {
	drained := make(chan struct{})
	quitting := false
	for {
		select {
		case <-drained:
			s.end()
			return
		case e := <-s.changeover.Exited():
			s.newBinaryEnded(e)
		case e := <-events:
			switch e {
			case process.Terminate:
				s.letGo()
				s.http.Terminate()
				s.end()
				return
			case process.Quit:
				if quitting {
					continue
				}
				quitting = true
				s.notice("gracefully shutting down")
				s.letGo()
				s.results.Close()
				go func() {
					s.drain()
					close(drained)
				}()
			case process.Reload:
				if !quitting {
					s.reconfigure()
				}
			case process.Reopen:
				s.notice("reopening logs")
				s.Reopen()
				s.redirectStderr()
			case process.Upgrade:
				if !quitting {
					s.cfg.changeBinary(s.changeover, s.http.Listeners())
				}
			case process.StopAccepting:
				if !quitting {
					s.pause()
				}
			case process.ChildExited:
			}
		}
	}
}

// end is the last thing of a server that has stopped.
func (s *Server) end() {
	s.notice("exiting")
	s.removePID(s.changeover.PIDFile(s.cfg.Main.PID))
	s.notice("exit")
	s.cfg.close()
}

func (s *Server) notice(text string) { s.cfg.notice(text) }

func (cfg *Config) notice(text string) { cfg.Log.Log(errlog.Notice, 0, nil, nil, "%s", text) }

func (s *Server) removePID(path string) {
	if err := process.RemovePID(path); err != nil {
		s.cfg.Log.Fail(errlog.Alert, err)
	}
}

// redirectStderr lets the error log be the process's stderr as well, so that a
// crash leaves its trace there; not where the log is stderr itself.
func (s *Server) redirectStderr() { s.cfg.redirectStderr() }

func (cfg *Config) redirectStderr() {
	if path := cfg.stderrPath(); path != "" {
		if err := process.RedirectStderr(path); err != nil {
			cfg.Log.Fail(errlog.Alert, err)
		}
	}
}

// stderrPath is the log file that is to be stderr, "" for none.
func (cfg *Config) stderrPath() string {
	if cfg.keepStderr {
		return ""
	}
	path := ""
	for i := range cfg.outputs {
		if cfg.outputs[i].Console {
			return ""
		}
		if path == "" {
			path = cfg.outputs[i].Path()
		}
	}
	return path
}

// logSystem logs what nginx says of its system at the start.
func logSystem(log *errlog.Logger) {
	if !log.Enabled(errlog.Notice) {
		return
	}
	log.Log(errlog.Notice, 0, nil, nil, "nginx/%s", httpd.Compatible)
	log.Log(errlog.Notice, 0, nil, nil, "built by %s", goruntime.Version())
	log.Log(errlog.Notice, 0, nil, nil, "OS: %s", process.System())
	if cur, limit, err := process.OpenFiles(); err == nil {
		log.Log(errlog.Notice, 0, nil, nil, "getrlimit(RLIMIT_NOFILE): %d:%d", cur, limit)
	}
}

// Test is -t: it loads and checks a configuration, says how that went on the
// console, and returns the exit code. quiet is -q; dump, for -T, receives the
// files that were read.
func Test(o Options, quiet bool, dump io.Writer) int {
	early := openStartLog(&o, errlog.Info)
	defer early.close()
	s, err := NewServer(o)
	logWarnings(early.Logger, s.cfg.warnings)
	if err == nil && !quiet {
		say(o.Console, "the configuration file %s syntax is ok", o.ConfPath)
	}
	if err != nil {
		logFailure(early.Logger, err)
	} else {
		err = s.check(early.Logger)
	}
	if err != nil {
		say(o.Console, "configuration file %s test failed", o.ConfPath)
		return 1
	}
	if !quiet {
		say(o.Console, "configuration file %s test is successful", o.ConfPath)
	}
	if dump != nil {
		if err := parser.Dump(dump, s.cfg.Files); err != nil {
			return 1
		}
	}
	return 0
}

// Signal is -s: it sends the running server the signal called name, and returns
// the exit code: for a reload that of its outcome, where the server tells. The
// configuration says where the pid file is.
func Signal(o Options, name string) int {
	early := openStartLog(&o, errlog.Notice)
	defer early.close()
	s, err := NewServer(o)
	logWarnings(early.Logger, s.cfg.warnings)
	if err != nil {
		logFailure(early.Logger, err)
		return 1
	}
	sig, ok := process.SignalOf(name)
	if !ok {
		logFailure(early.Logger, fmt.Errorf(`invalid option: "-s %s"`, name))
		return 1
	}
	sent := false
	if sig == syscall.SIGHUP {
		sent = process.SendReload(early.Logger, s.cfg.Main.PID, o.Console)
	} else {
		sent = process.Send(early.Logger, s.cfg.Main.PID, sig)
	}
	if !sent {
		return 1
	}
	return 0
}
