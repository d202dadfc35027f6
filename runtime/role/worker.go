package role

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
	"github.com/sluiceproxy/sluice/runtime/process"
)

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
	host := runtime.NewHost()
	w := &worker{channel: channel, master: os.Getppid(), host: host, server: host.NewServer()}
	w.server.SetShared(true) // the master has the sockets, too
	return w.run()
}

// worker is a Server that a master tells what to do.
type worker struct {
	channel *process.Channel
	host    *runtime.Host
	server  *runtime.Server
	given   map[string]int // log files that the master has opened, by path, and that are in no use yet
	drained chan struct{}  // closed when the last request has ended; nil before the end begins
	// confirms are messages that goroutines of confirm have for the one that sends; nil before the first one.
	confirms chan confirmation

	home   string // the directory in which it was started
	master int    // its number
	alone  bool   // the master is gone, or has given this worker up
}

func (w *worker) run() int {
	messages := make(chan process.Message)
	go w.receive(messages)
	_ = w.channel.Send(process.Message{Kind: msgHello}) // a dead master is noticed by receive
	m, ok := <-messages
	if !ok || m.Kind != msgConfigure {
		return 0 // the end came before there was anything to do
	}
	b, logs, sockets, err := unpack(m)
	var signals *process.Signals
	if err == nil {
		process.SetCommand(b.Command)
		signals = process.Notify(process.NotifyOptions{
			Log: w.host.Log, Role: process.Worker, Daemonized: b.Daemonized,
		})
		defer signals.Close()
		err = w.configure(b, logs, sockets)
	}
	w.answer(err)
	if err != nil {
		return process.FatalCode
	}
	return w.obey(messages, signals.Events())
}

// receive passes on the messages of the master, and closes messages when it is gone.
func (w *worker) receive(messages chan<- process.Message) {
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
	m := process.Message{Kind: msgDone}
	if err != nil {
		m.Kind, m.Body = msgFailed, []byte(err.Error())
		m.Body = m.Body[:min(len(m.Body), maxAnswer)]
	}
	_ = w.channel.Send(m) // a dead master is noticed by receive
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
		case c := <-w.confirms:
			_ = w.channel.Send(process.Message{Kind: msgConfirm, Body: c}) // a dead master is noticed by receive
		case m, ok := <-messages:
			if !ok {
				messages, w.alone = nil, true // signals are left
				continue
			}
			e = w.take(m)
		case e = <-events:
			signalled = true
			if e == process.Reopen {
				notice(s.Config(), "reopening logs")
				reopenLogs(s.Config(), sameOwner)
			}
		}
		if w.alone && e != 0 { // the master, if it is there, and the next worker have the sockets, too
			s.SetShared(os.Getppid() == w.master)
		}
		switch e {
		case process.Terminate:
			s.Terminate()
			w.end()
			return 0
		case process.Quit:
			if signalled && w.drained == nil {
				w.tellFinish()
			}
			w.quit()
		}
	}
}

// take does what a message asks for. The event is what is left to do.
func (w *worker) take(m process.Message) process.Event {
	switch m.Kind {
	case msgQuit:
		w.server.SetShared(!bytes.Equal(m.Body, lastOwner))
		return process.Quit
	case msgTerminate:
		return process.Terminate
	case msgSave:
		w.server.Save()
	case msgConfigure:
		if w.drained != nil {
			closeFiles(m.Files) // it has crossed msgFinish
			return 0
		}
		err := w.reconfigure(m)
		if errors.Is(err, syscall.EMFILE) {
			// Its clients have all the descriptors, for as long as they want: another worker takes the configuration, as
			// with nginx each does.
			w.server.Config().Log.Fail(errlog.Alert, err)
			w.tellFinish()
			return process.Quit
		}
		w.answer(err)
	case msgCerts, msgAnswers:
		w.takeNews(m)
	case msgReopen:
		_, logs, _, err := unpack(m)
		if err != nil {
			w.server.Config().Log.Fail(errlog.Emerg, err)
			return 0
		}
		notice(w.server.Config(), "reopening logs")
		w.reopen(logs)
	}
	return 0
}

// reconfigure makes the change that a message brings.
func (w *worker) reconfigure(m process.Message) error {
	if w.server.OutOfDescriptors() {
		// One that was free for the message is what clients wait for.
		closeFiles(m.Files)
		return errno.Failed("accept4()", "", syscall.EMFILE)
	}
	b, logs, sockets, err := unpack(m)
	if err != nil {
		return err
	}
	return w.configure(b, logs, sockets)
}

// tellFinish tells the master that this worker is about to finish.
func (w *worker) tellFinish() {
	w.server.Save()                                      // the next worker reads it
	_ = w.channel.Send(process.Message{Kind: msgFinish}) // a dead master is noticed by receive
}

// quit begins the graceful end.
func (w *worker) quit() {
	if w.drained != nil {
		return
	}
	w.drained = make(chan struct{})
	w.server.BeginQuit()
	notice(w.server.Config(), "gracefully shutting down")
	process.SetTitle(process.TitleShutdown)
	go func() {
		w.server.Drain()
		close(w.drained)
	}()
}

func (w *worker) end() {
	notice(w.server.Config(), "exiting")
	notice(w.server.Config(), "exit")
	w.server.Close()
}
