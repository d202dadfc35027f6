package role

import (
	"io"
	"os"
	goruntime "runtime"
	"strings"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/inputs"
	"github.com/sluiceproxy/sluice/runtime/process"
	"github.com/sluiceproxy/sluice/runtime/product"
)

// Options are the command line of a server.
type Options struct {
	runtime.Options
	// Foreground keeps Run in the foreground whatever the daemon directive says.
	Foreground bool
	// Started is called by Run once the server serves; nil for nothing.
	Started func(*runtime.Config)
}

// own makes copies of what may be parts of the command line, over which a title is
// going to be written.
func (o *Options) own() {
	for _, s := range []*string{&o.ConfPath, &o.Prefix, &o.ErrorLog, &o.Param} {
		*s = strings.Clone(*s)
	}
}

// Run is the program's life as a server: it loads the configuration, goes into
// the background unless it says `daemon off`, serves, and obeys signals until
// one of them ends it. It returns the exit code.
//
// A daemon is another process that runs the same program with the same
// arguments, and so comes here as well; what there is to say about the
// configuration is left to it.
func Run(o Options) int {
	daemon, inChild := process.Resume()
	successor := process.IsSuccessor()
	o.own()
	h := &holder{
		opts: o, host: runtime.NewHost(), daemon: daemon, daemonized: inChild || successor,
		changeover: process.NewChangeover(successor, inChild),
	}
	kind := process.Single
	if os.Geteuid() == 0 {
		h.recorder = inputs.NewRecorder(inputs.System{})
		kind = process.Master
	}
	// What is asked for during the start is done after it.
	h.signals = process.Notify(process.NotifyOptions{
		Log: h.host.Log, Role: kind, Daemonized: h.daemonized, UpgradeUnderWay: h.changeover.Busy,
	})
	defer h.signals.Close()
	c := h.load(nil)
	if c.Err() == nil && c.Config.Main.Daemon && !o.Foreground && !inChild && !successor {
		h.signals.Close()
		return process.Daemonize(errlog.New(errlog.Config{Console: o.Console}))
	}
	return h.start(c)
}

// start takes the first configuration through the steps of a change and serves.
func (h *holder) start(c *runtime.Change) int {
	early := openStartLog(&h.opts.Options, errlog.Notice)
	defer early.close()
	c.Handed = inheritSockets(early.Logger)
	if c.Report(early.Logger, h.opts.Console) != nil || c.Check() != nil {
		return 1
	}
	c.Bind = h.recorder != nil && c.Config.Main.MasterProcess
	if c.Open(nil) != nil {
		return 1
	}
	if c.Bind {
		h.role = newMaster(h)
	} else {
		h.recorder = nil
		h.role = newSingle(h)
	}
	if h.role.begin(c) != nil {
		return 1
	}
	early.close()
	logSystem(c.Config.Log)
	h.results = openResults(c.Config.Log)
	defer h.results.Close()
	if err := process.WritePID(c.Config.Main.PID); err != nil {
		c.Log.Fail(errlog.Emerg, err)
		h.role.cancel()
		return 1
	}
	h.host.SetLog(c.Config.Log)
	if c.Config.Main.MasterProcess { // by the name of which scripts look for it
		process.SetTitle(process.TitleMaster + " " + process.Command())
	}
	return h.role.serve()
}

// started is called when the first configuration serves.
func (h *holder) started() {
	cfg := h.role.config()
	redirectStderr(cfg)
	if h.opts.Started != nil {
		h.opts.Started(cfg)
	}
	h.daemon.Ready()
}

// logSystem logs what nginx says of its system at the start.
func logSystem(log *errlog.Logger) {
	if !log.Enabled(errlog.Notice) {
		return
	}
	log.Log(errlog.Notice, 0, nil, nil, "nginx/%s", product.Compatible)
	log.Log(errlog.Notice, 0, nil, nil, "built by %s", goruntime.Version())
	log.Log(errlog.Notice, 0, nil, nil, "OS: %s", process.System())
	if cur, limit, err := process.OpenFiles(); err == nil {
		log.Log(errlog.Notice, 0, nil, nil, "getrlimit(RLIMIT_NOFILE): %d:%d", cur, limit)
	}
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
func logFor(cfg *runtime.Config, asked *process.Outcome) (*errlog.Logger, io.Writer) {
	if asked == nil {
		return cfg.Log, nil
	}
	return cfg.LogTo(asked), asked
}
