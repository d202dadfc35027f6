package runtime

import (
	"errors"
	"io"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// Change is one configuration on its way into effect: the first one of a process, that
// of a reload, or one that a master has sent to its worker. It is taken through these
// steps, in this order, by its owner:
//
//	c := host.Load(opts, current)  // load.go: reads the files; nothing outside has changed
//	c.Report(log, console)         // change.go: warnings, and why it could not be loaded
//	c.Check()                      // check.go: what belongs to no block
//	c.Open(listeners)              // open.go: folders, log files, sockets
//	server.Take(c)                 // server.go: hands it over to the connections
//	c.Commit()                     // commit.go: current from now on; Take does it
//
// A step that fails logs why and undoes the steps before it (undo.go); the current
// configuration has gone on meanwhile, and goes on. What an owner does between the
// steps, such as writing a pid file, it adds with OnUndo and OnCommit. A master does not
// take a Change itself: it sends it to a worker, and commits or undoes it on the answer.
type Change struct {
	// Config is the new configuration; where it could not be loaded, what could be read
	// of it.
	Config *Config
	// Log receives what goes wrong: the log of the current configuration, at the start
	// the one of -e and, once that is open, that of Config. nil drops it.
	Log *errlog.Logger
	// Handed are listening sockets that another process has opened. Open takes those it
	// has a use for and closes the others.
	Handed *netio.Inheritance
	// Bind makes Open bind its sockets and not listen, for a master: its worker listens
	// when it has loaded the configuration, and clients do not wait for that.
	Bind bool

	host    *Host
	current *Config   // what Config is to replace; nil at the start
	follows bool      // see Options.Follows
	console io.Writer // receives what goes wrong, too; nil for nothing
	err     error     // of loading, a *Problem

	opened  map[string]*netio.Listener // by key: sockets that were not open before
	undone  []func()                   // of OnUndo
	commits []func()                   // of OnCommit
}

// OnUndo registers fn for the case that the change is undone. What was registered last
// runs first.
func (c *Change) OnUndo(fn func()) { c.undone = append(c.undone, fn) }

// OnCommit registers fn for the case that the change comes into effect.
func (c *Change) OnCommit(fn func()) { c.commits = append(c.commits, fn) }

// Opened are the sockets that were opened for the change, by their keys.
func (c *Change) Opened() map[string]*netio.Listener { return c.opened }

// Err is why the configuration could not be loaded, a *Problem.
func (c *Change) Err() error { return c.err }

// Report says where the steps that follow log to, and logs what loading has found.
func (c *Change) Report(log *errlog.Logger, console io.Writer) error {
	c.Log, c.console = log, console
	for _, w := range c.Config.warnings {
		log.Log(errlog.Warn, 0, nil, nil, "%s", w)
	}
	if c.err != nil {
		return c.Fail(c.err)
	}
	return nil
}

// Fail logs why a step has failed, at the level that nginx logs it at, and undoes the
// change. It returns err.
func (c *Change) Fail(err error) error {
	lv := errlog.Emerg
	if p := (*Problem)(nil); errors.As(err, &p) && p.Severity == conf.Crit {
		lv = errlog.Crit
	}
	c.Log.Fail(lv, err)
	c.Undo()
	return err
}
