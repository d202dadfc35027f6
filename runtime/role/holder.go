package role

import (
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/inputs"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// holder is the process that holds the pid file, the listening sockets and the log files
// and that operators send signals to: the single process, or the master. It is what the
// two do alike. All state belongs to the goroutine of serve.
type holder struct {
	opts       Options
	host       *runtime.Host
	daemon     *process.Daemon
	daemonized bool
	signals    *process.Signals
	changeover *process.Changeover
	results    *process.Results
	recorder   *inputs.Recorder // of the last load; nil in a single process
	role       holderRole
}

// holderRole is what the single process and the master do each in its own way.
type holderRole interface {
	// config is the configuration in effect.
	config() *runtime.Config
	// listeners are the open listening sockets.
	listeners() []*netio.Listener
	// begin takes the first configuration, which is open. It logs what fails.
	begin(c *runtime.Change) error
	// cancel undoes begin.
	cancel()
	// serve serves until a signal has ended the process, and returns the exit code.
	serve() int
	// handOver takes an opened change of a reload and commits or undoes it, at once or
	// later. Then it tells asked.
	handOver(c *runtime.Change, asked *process.Outcome)
	// ready reports whether a reload, a change of the binary or the end of accepting may
	// begin now. Otherwise it has made a note of e, or ignores it.
	ready(e process.Event) bool
	terminate()
	quit()
	reopen()
	// save writes what is kept in files, which another process is about to read.
	save()
	// pause ends the connections gracefully and leaves the sockets to a successor (WINCH).
	pause()
	// resume takes up the work that pause has ended, if it has.
	resume()
}

// obey does what a signal asks for.
func (h *holder) obey(e process.Event) {
	switch e {
	case process.Terminate:
		h.role.terminate()
	case process.Quit:
		h.role.quit()
	case process.Reopen:
		h.notice("reopening logs")
		h.role.reopen()
	case process.Reload, process.Upgrade, process.StopAccepting:
		switch {
		case !h.role.ready(e):
		case e == process.Reload:
			h.reload()
		case e == process.Upgrade:
			h.changeBinary()
		default:
			h.role.pause()
		}
	case process.ChildExited:
	}
}

func (h *holder) notice(text string) { notice(h.role.config(), text) }

func notice(cfg *runtime.Config, text string) { cfg.Log.Log(errlog.Notice, 0, nil, nil, "%s", text) }
