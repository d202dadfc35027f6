package process

import (
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// Event is what a signal asks a server to do.
type Event uint8

// The events, with the signals that nginx takes for them.
const (
	Terminate     Event = iota + 1 // TERM, INT: exit now
	Quit                           // QUIT: finish what is under way, then exit
	Reload                         // HUP: read the configuration anew
	Reopen                         // USR1: open the log files anew
	Upgrade                        // USR2: start the new binary
	StopAccepting                  // WINCH: finish what is under way, keep the sockets (daemons only)
	ChildExited                    // CHLD
)

// Role decides which signals a process handles.
type Role uint8

// The roles. One process that is its own master and worker is Single.
const (
	Single Role = iota
	Master
	Worker
)

// NotifyOptions describe a Signals.
type NotifyOptions struct {
	// Log gives the log that receives "signal 1 (SIGHUP) received, reconfiguring"
	// at Notice: that of the configuration in effect. It is called on the goroutine
	// of Signals. nil keeps silent.
	Log  func() *errlog.Logger
	Role Role
	// Daemonized makes WINCH count, as in nginx.
	Daemonized bool
	// UpgradeUnderWay says that an old or new binary runs beside this one, in which
	// case USR2 is ignored. nil means never. It is called on the goroutine of Signals.
	UpgradeUnderWay func() bool
}

// Signals turns the process's signals into events. Signals that arrive while an
// equal event waits are merged into it, as in nginx.
type Signals struct {
	opt    NotifyOptions
	in     chan os.Signal
	out    chan Event
	stop   chan struct{}
	closed chan struct{}
	once   sync.Once
}

// Notify begins to catch signals. One goroutine serves them until Close.
func Notify(opt NotifyOptions) *Signals {
	s := &Signals{
		opt:    opt,
		in:     make(chan os.Signal, 32),
		out:    make(chan Event),
		stop:   make(chan struct{}),
		closed: make(chan struct{}),
	}
	signal.Ignore(syscall.SIGPIPE)
	signal.Notify(
		s.in, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGCHLD,
	)
	go s.run()
	return s
}

// Events delivers the events in the order of arrival. It is closed by Close.
func (s *Signals) Events() <-chan Event { return s.out }

// Close gives the signals back to their defaults and waits for the goroutine.
// SIGPIPE stays ignored. Further calls do nothing.
func (s *Signals) Close() {
	signal.Stop(s.in)
	s.once.Do(func() { close(s.stop) })
	<-s.closed
}

func (s *Signals) run() {
	defer close(s.closed)
	defer close(s.out)
	var waiting []Event
	for {
		var out chan Event
		var next Event
		if len(waiting) > 0 {
			out, next = s.out, waiting[0]
		}
		select {
		case sig := <-s.in:
			if e := s.take(sig.(syscall.Signal)); e != 0 && !slices.Contains(waiting, e) {
				waiting = append(waiting, e)
			}
		case out <- next:
			waiting = waiting[1:]
		case <-s.stop:
			return
		}
	}
}

// take logs a signal and finds its event, 0 for none.
func (s *Signals) take(sig syscall.Signal) Event {
	if sig == syscall.SIGCHLD && s.opt.Role == Master {
		return 0 // the goroutine that waits for the child knows which it was
	}
	name, e, action := s.meaning(sig)
	ignored := e == Upgrade && s.opt.UpgradeUnderWay != nil && s.opt.UpgradeUnderWay()
	if ignored {
		e, action = 0, ", ignoring"
	}
	var log *errlog.Logger
	if s.opt.Log != nil {
		log = s.opt.Log()
	}
	log.Log(errlog.Notice, 0, nil, nil, "signal %d (%s) received%s", int(sig), name, action)
	if ignored {
		log.Log(errlog.Crit, 0, nil, nil, "the changing binary signal is ignored: "+
			"you should shutdown or terminate before either old or new binary's process")
	}
	return e
}

// meaning is nginx's reaction to a signal and the words that it logs for it.
func (s *Signals) meaning(sig syscall.Signal) (name string, e Event, action string) {
	worker := s.opt.Role == Worker
	switch sig {
	case syscall.SIGTERM:
		return "SIGTERM", Terminate, ", exiting"
	case syscall.SIGINT:
		return "SIGINT", Terminate, ", exiting"
	case syscall.SIGQUIT:
		return "SIGQUIT", Quit, ", shutting down"
	case syscall.SIGUSR1:
		return "SIGUSR1", Reopen, ", reopening logs"
	case syscall.SIGHUP:
		if worker {
			return "SIGHUP", 0, ", ignoring"
		}
		return "SIGHUP", Reload, ", reconfiguring"
	case syscall.SIGUSR2:
		if worker {
			return "SIGUSR2", 0, ", ignoring"
		}
		return "SIGUSR2", Upgrade, ", changing binary"
	case syscall.SIGWINCH:
		switch {
		case !s.opt.Daemonized:
			return "SIGWINCH", 0, ""
		case worker:
			return "SIGWINCH", Quit, ", shutting down"
		}
		return "SIGWINCH", StopAccepting, ", stop accepting connections"
	}
	return "SIGCHLD", ChildExited, ""
}
