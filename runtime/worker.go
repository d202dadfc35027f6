package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/logfile"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

var errFiles = errors.New("the configuration came without its files")

// IsWorker says whether this process is the worker of a master, in which case the
// program has nothing else to do than [Worker].
func IsWorker() bool { return process.IsWorker() }

// Worker is the life of a worker: it serves the configurations that its master
// sends, and obeys the master's messages and its own signals. When the master is
// killed it goes on by itself. It returns the exit code.
func Worker() int {
	channel, err := process.ResumeWorker()
	if err != nil {
		fmt.Fprintf(os.Stderr, "nginx: [alert] %s\n", err)
		return process.FatalCode
	}
	defer channel.Close()
	w := &worker{channel: channel, master: os.Getppid(), server: &Server{reserve: reserveHeap(), host: newHost()}}
	return w.run()
}

// worker is a Server that a master tells what to do.
type worker struct {
	channel *process.Channel
	server  *Server
	given   map[string]int // log files that the master has opened, by path, and that are in no use yet
	drained chan struct{}  // closed when the last request has ended; nil before the end begins
	master  int            // its number
	deaf    bool           // the master is gone, or has given this worker up
}

func (w *worker) run() int {
	messages := make(chan process.Message)
	go w.listen(messages)
	_ = w.channel.Send(process.Message{Kind: sayHello}) // a dead master is noticed by listen
	m, ok := <-messages
	if !ok || m.Kind != sayConfigure {
		return 0 // the end came before there was anything to do
	}
	b, logs, sockets, err := unpack(m)
	var signals *process.Signals
	if err == nil {
		process.SetCommand(b.Command)
		signals = process.Notify(process.NotifyOptions{
			Log: w.server.host.log.Load, Role: process.Worker, Daemonized: b.Daemonized,
		})
		defer signals.Close()
		if w.server.http, err = httpd.NewInstance(w.server.host.stats); err == nil {
			w.server.http.SetShared(true) // the master has the sockets, too
			err = w.configure(b, logs, sockets)
		}
	}
	w.answer(err)
	if err != nil {
		return process.FatalCode
	}
	return w.obey(messages, signals.Events())
}

// listen passes on what the master says, and closes messages when it is gone.
func (w *worker) listen(messages chan<- process.Message) {
	defer close(messages)
	for {
		m, err := w.channel.Receive(maxBundle, true)
		if err != nil {
			return
		}
		messages <- m
	}
}

func (w *worker) answer(err error) {
	m := process.Message{Kind: sayDone}
	if err != nil {
		m.Kind, m.Body = sayFailed, []byte(err.Error())
		m.Body = m.Body[:min(len(m.Body), maxAnswer)]
	}
	_ = w.channel.Send(m) // a dead master is noticed by listen
}

// obey serves messages and signals until one of them has ended the worker.
func (w *worker) obey(messages <-chan process.Message, events <-chan process.Event) int {
	s := w.server
	for {
		var e process.Event
		signalled := false
		select {
		case <-w.drained:
			w.end()
			return 0
		case m, ok := <-messages:
			if !ok {
				messages, w.deaf = nil, true // signals are left
				continue
			}
			e = w.take(m)
		case e = <-events:
			signalled = true
			if e == process.Reopen {
				s.notice("reopening logs")
				s.Reopen()
				s.redirectStderr()
			}
		}
		if w.deaf && e != 0 { // the master, if it is there, and the next worker have the sockets, too
			s.http.SetShared(os.Getppid() == w.master)
		}
		switch e {
		case process.Terminate:
			s.http.Terminate()
			w.end()
			return 0
		case process.Quit:
			if signalled && w.drained == nil {
				_ = w.channel.Send(process.Message{Kind: sayFinish}) // a dead master is noticed by listen
			}
			w.quit()
		}
	}
}

// take does what a message asks for. The event is what is left to do.
func (w *worker) take(m process.Message) process.Event {
	switch m.Kind {
	case sayQuit:
		w.server.http.SetShared(!bytes.Equal(m.Body, lastOwner))
		return process.Quit
	case sayTerminate:
		return process.Terminate
	case sayConfigure, sayReopen:
		if m.Kind == sayConfigure && w.drained != nil {
			closeFiles(m.Files) // it has crossed sayFinish
			return 0
		}
		b, logs, sockets, err := unpack(m)
		switch {
		case m.Kind == sayConfigure:
			if err == nil {
				err = w.configure(b, logs, sockets)
			}
			w.answer(err)
		case err == nil:
			w.server.notice("reopening logs")
			w.reopen(logs)
		}
	}
	return 0
}

// quit begins the graceful end.
func (w *worker) quit() {
	if w.drained != nil {
		return
	}
	w.drained = make(chan struct{})
	w.server.notice("gracefully shutting down")
	process.SetTitle(process.TitleShutdown)
	go func() {
		w.server.drain()
		close(w.drained)
	}()
}

func (w *worker) end() {
	w.server.notice("exiting")
	w.server.notice("exit")
	w.server.cfg.close()
}

// configure makes the configuration of b the one that serves. On an error the one
// before it goes on. It takes over the descriptors.
func (w *worker) configure(b *bundle, logs map[string]int, sockets []int) error {
	s := w.server
	handed := netio.InheritAll(sockets, func(err error) { s.host.log.Load().Fail(errlog.Crit, err) })
	defer handed.Close()
	w.given = logs
	defer func() { closeByName(w.given) }()
	opts := b.options()
	opts.openLog = w.openLog
	cfg, err := s.host.load(&opts, s.cfg)
	if err != nil {
		cfg.Log.Close()
		return err
	}
	stderr := w.stderrOf(cfg)
	defer closeFiles(stderr)
	if err := cfg.logs.Open(); err != nil {
		return err
	}
	opened := receivedSockets(cfg.HTTP.Sockets(), handed)
	if err = cfg.Main.enter(s.cfg); err == nil {
		err = s.use(cfg, opened)
	}
	if err != nil {
		opened.close()
		cfg.close()
		return err
	}
	redirectStderr(stderr)
	s.opts = opts
	return nil
}

// enter makes working_directory this process's.
func (c *MainConf) enter(prev *Config) error {
	if c.Directory == "" || prev != nil && prev.Main.Directory == c.Directory {
		return nil
	}
	if err := os.Chdir(c.Directory); err != nil {
		return errno.Failed("chdir()", c.Directory, err)
	}
	return nil
}

// reopen puts log files to use that the master has opened anew.
func (w *worker) reopen(logs map[string]int) {
	w.given = logs
	stderr := w.stderrOf(w.server.cfg)
	redirectStderr(stderr)
	closeFiles(stderr)
	w.server.Reopen()
	closeByName(w.given)
}

// openLog implements logfile.Options.OpenFile. What the master did not send is
// opened with the rights of this process.
func (w *worker) openLog(path string) (int, error) {
	if fd, ok := w.given[path]; ok {
		delete(w.given, path)
		return fd, nil
	}
	return logfile.OpenAppend(path)
}

// stderrOf returns a duplicate of the main log of cfg, which the caller closes; none where the
// master has not sent that.
func (w *worker) stderrOf(cfg *Config) []int {
	fd, ok := w.given[cfg.stderrPath()]
	if !ok {
		return nil
	}
	fd, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil // what a crash prints goes where it went before
	}
	return []int{fd}
}

// redirectStderr makes what stderrOf returned this process's stderr.
func redirectStderr(fds []int) {
	for _, fd := range fds {
		_ = process.RedirectStderrTo(fd) // else as before
	}
}

// closeByName closes and forgets descriptors.
func closeByName(fds map[string]int) {
	for name, fd := range fds {
		_ = syscall.Close(fd)
		delete(fds, name)
	}
}

// receivedSockets are those of specs that the master has sent: those that were
// not open before.
func receivedSockets(specs []netio.ListenSpec, handed *netio.Inheritance) *sockets {
	r := &sockets{opened: map[string]*netio.Listener{}}
	for i := range specs {
		if ln := handed.Take(&specs[i], nil); ln != nil {
			r.opened[specs[i].Key()] = ln
		}
	}
	return r
}
