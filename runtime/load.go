package runtime

import (
	"os"
	"strings"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/acme/issue"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/inputs"
	"github.com/sluiceproxy/sluice/runtime/logfile"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/resource"
)

// Host is what outlives the configurations of a process: one of a process.
type Host struct {
	files   *openfile.Cache
	stats   *httpd.Stats
	log     atomic.Pointer[errlog.Logger] // of the current configuration
	reserve []byte                        // see heapReserve
	threads threads
	memory  *reclaimer
	serves  bool // it has a Server

	certificates *acme.Table
	issuing      *issue.Manager // nil until a configuration wants certificates

	tracing *httpd.Tracing // of a host that serves nothing: see Trace
}

// NewHost returns the Host of a process that is going to serve. It comes before anything
// else in the process, see heapReserve.
func NewHost() *Host {
	reserve := reserveHeap()
	h := newHost()
	h.reserve = reserve
	return h
}

// newHost returns a Host that serves nothing.
func newHost() *Host {
	h := &Host{files: openfile.NewCache(0), stats: &httpd.Stats{}, certificates: acme.NewTable()}
	h.memory = newReclaimer(&h.threads, h.stats)
	h.stats.Ended = h.memory.connectionEnded
	return h
}

// Log is the log of the current configuration, nil before the first one.
func (h *Host) Log() *errlog.Logger { return h.log.Load() }

// SetLog sets what Log returns.
func (h *Host) SetLog(l *errlog.Logger) { h.log.Store(l) }

// report logs what goes wrong with logging itself.
func (h *Host) report(problem logfile.Problem) { errlog.Report(h.log.Load())(problem) }

// Problem is a failure to load, in nginx's words.
type Problem struct {
	conf.Problem
	All []conf.Problem // everything that was found, warnings included, in reading order
}

// Error is the text of the problem that nginx would have stopped at.
func (p *Problem) Error() string { return p.Text }

// Load reads a configuration, which is to replace current; nil at the start. Its log
// files, zones and pools are taken over where the new one names them, too. What is wrong
// with it is reported by Report.
func (h *Host) Load(o Options, current *Config) *Change {
	c := &Change{host: h, current: current, follows: o.Follows}
	h.stats.Respawned.Store(int64(o.Respawned))
	if h.serves && current != nil { // connections are served meanwhile
		h.threads.more()
		c.OnUndo(h.memory.soon)
		c.OnUndo(h.threads.less)
		c.OnCommit(h.threads.less)
	}
	c.Config, _, c.err = h.loadWith(conf.NewLoader(o.ConfPath, o.Prefix), &o, current)
	c.OnUndo(c.undoLoad)
	return c
}

// loadWith reads a configuration with a loader that has read nothing. prev is the current
// one, nil for none. It returns also what the directives were registered with. The error
// is a *Problem.
func (h *Host) loadWith(l *conf.Loader, o *Options, prev *Config) (*Config, registered, error) {
	l.Layout = o.layout()
	if prev != nil { // connections are served meanwhile, by this process or by another
		l.PauseWith(h.giveWay)
	}
	l.Inputs = inputs.System{}
	if o.Inputs != nil {
		l.Inputs = o.Inputs
	}
	cfg := &Config{}
	files := logfile.Options{Prefix: o.Prefix, Report: h.report, OpenFile: o.OpenLog}
	var before *resource.Set
	if prev != nil {
		files.Previous, before = prev.logs, prev.resources
	}
	cfg.resources = resource.NewSet(before)
	cfg.logs = logfile.NewSet(files)
	reg := register(l, h.env(cfg))
	main, b := reg.main, reg.http
	main.Finish(l.Module("sluice_main"), func(block *conf.Block, c *MainConf) error {
		if block.Parent != nil {
			return nil
		}
		if c.PID == "" {
			c.PID = l.FullPath(l.Layout.PID)
		}
		if err := c.setDefaultUser(); err != nil {
			return err
		}
		cfg.Main = c
		cfg.openMainLog(c.logs.Items, o.StartLog())
		b.Env.Log = cfg.Log
		return nil
	})
	l.AtEnd(func() (err error) {
		cfg.HTTP, err = b.Build()
		return err
	})
	cfg.loader = l
	err := l.Load(o.Param)
	cfg.Files, cfg.warnings, cfg.folders = l.Files, l.Warnings(), l.Folders()
	cfg.RawSockets = l.RawSockets
	if err != nil {
		first := err.(*conf.Error) //nolint:errorlint // what Load documents
		return cfg, reg, &Problem{Problem: first.Problem, All: l.Problems()}
	}
	return cfg, reg, nil
}

// giveWay lets everything run that serves and is ready to: goroutines of this process,
// then threads of this or another process that wait for this one's processor. Without
// the second the system would take the processor away only after a whole slice of time,
// which is milliseconds.
func (h *Host) giveWay() {
	if h.serves {
		netio.Yield()
	}
	yieldProcessor()
}

// env is what cfg's modules get from the process.
func (h *Host) env(cfg *Config) httpd.Env {
	return httpd.Env{
		OpenLog: func(c *conf.Cmd) (errlog.Output, error) {
			out, err := errlog.Parse(cfg.logs, c.Values(), c.Loader.Inputs.LookupHost, h.report)
			if err != nil {
				return out, c.Errorf("%s", err.Error())
			}
			cfg.keepStderr = cfg.keepStderr || out.Console
			return out, nil
		},
		Logger:    func(outputs []errlog.Output) *errlog.Logger { return errlog.New(errlog.Config{Outputs: outputs}) },
		LogFiles:  cfg.logs,
		Files:     h.files,
		Stats:     h.stats,
		Resources: cfg.resources,
		Hostname:  hostname(),
		Tracing:   h.tracing,

		Certificates: h.certificates,
		Wanted:       &cfg.wanted,
	}
}

// hostname is the machine's name in lower case, as nginx keeps it.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return strings.ToLower(name)
}
