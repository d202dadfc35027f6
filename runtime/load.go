package runtime

import (
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/inputs"
	"github.com/sluiceproxy/sluice/runtime/logfile"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/resource"
)

// Options say which configuration to run: what stands on the command line.
type Options struct {
	ConfPath string // -c: the main file, with its folder
	Prefix   string // -p: what relative paths of logs and pages follow, with a trailing slash
	ErrorLog string // -e: where to log until error_log says so; "" means that of Layout, "stderr" the console
	Param    string // -g: directives that come before those of the file
	// Layout are the paths that hold where nothing else was said; the zero value means conf.NginxLayout.
	Layout conf.Layout
	// Console receives what nginx prints on stderr: "nginx: [emerg] ...". It is
	// used until the server runs; nil keeps silent.
	Console io.Writer
	// Foreground keeps Run in the foreground whatever the daemon directive says.
	Foreground bool
	// Started is called by Run once the server serves; nil for nothing.
	Started func(*Config)

	// What follows is for a master and its worker.

	inputs  conf.Inputs                           // what files are read through; nil for the system
	openLog func(path string) (fd int, err error) // see logfile.Options; nil for the system
}

// own makes copies of what may be parts of the command line, over which a title is
// going to be written.
func (o *Options) own() {
	for _, s := range []*string{&o.ConfPath, &o.Prefix, &o.ErrorLog, &o.Param} {
		*s = strings.Clone(*s)
	}
}

// layout is Layout, or nginx's own.
func (o *Options) layout() conf.Layout {
	if o.Layout == (conf.Layout{}) {
		return conf.NginxLayout()
	}
	return o.Layout
}

// errorLog is where to log until error_log says so.
func (o *Options) errorLog() string {
	if o.ErrorLog == "" {
		return o.layout().ErrorLog
	}
	return o.ErrorLog
}

// Config is one loaded configuration: everything between reading the files and
// serving. It is immutable once it serves.
type Config struct {
	Main  *MainConf
	HTTP  *httpd.Config  // without addresses where there is no http block
	Files []*parser.File // in the order in which they were opened, for -T
	Log   *errlog.Logger // the main error log

	logs      *logfile.Set
	resources *resource.Set      // what modules have made or carried over; nil in a master
	outputs   []errlog.Output    // of Log
	folders   []string           // to be made at the start
	handed    *netio.Inheritance // sockets of the binary before this one; nil but for the first configuration
	raw       bool               // see conf.Loader.RawSockets
	warnings  []string

	keepStderr bool         // an error_log of some block goes there
	checkLate  func() error // what is checked behind "syntax is ok"
	masks      int          // of worker_cpu_affinity
}

// Warnings are what nginx would have warned of, up to the first error.
func (cfg *Config) Warnings() []string { return cfg.warnings }

// host is what outlives configurations.
type host struct {
	files *openfile.Cache
	stats *httpd.Stats
	log   atomic.Pointer[errlog.Logger] // of the running configuration

	tracing *httpd.Tracing // of a host that serves nothing: see Trace
}

func newHost() *host {
	return &host{files: openfile.NewCache(0), stats: &httpd.Stats{}}
}

// report logs what goes wrong with logging itself.
func (h *host) report(problem logfile.Problem) { errlog.Report(h.log.Load())(problem) }

// Problem is a failure to load, in nginx's words.
type Problem struct {
	conf.Problem
	All []conf.Problem // everything that was found, warnings included, in reading order
}

// Error is the text of the problem that nginx would have stopped at.
func (p *Problem) Error() string { return p.Text }

// load reads a configuration. prev is the running one, whose log files, zones
// and pools are taken over; nil at start. The error is a *Problem.
func (h *host) load(o *Options, prev *Config) (*Config, error) {
	cfg, _, err := h.loadWith(conf.NewLoader(o.ConfPath, o.Prefix), o, prev)
	return cfg, err
}

// loadWith is load with a loader that has read nothing. It returns also what the
// directives were registered with.
func (h *host) loadWith(l *conf.Loader, o *Options, prev *Config) (*Config, registered, error) {
	l.Layout = o.layout()
	l.Inputs = inputs.System{}
	if o.inputs != nil {
		l.Inputs = o.inputs
	}
	cfg := &Config{}
	files := logfile.Options{Prefix: o.Prefix, Report: h.report, OpenFile: o.openLog}
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
		cfg.openMainLog(c.logs.Items, o.errorLog())
		b.Env.Log = cfg.Log
		return nil
	})
	l.AtEnd(func() (err error) {
		cfg.HTTP, err = b.Build()
		return err
	})
	cfg.checkLate = l.CheckLate
	err := l.Load(o.Param)
	cfg.Files, cfg.warnings, cfg.folders = l.Files, l.Warnings(), l.Folders()
	cfg.masks = l.CPUMasks
	cfg.raw = l.RawSockets
	if err != nil {
		first := err.(*conf.Error) //nolint:errorlint // what Load documents
		return cfg, reg, &Problem{Problem: first.Problem, All: l.Problems()}
	}
	return cfg, reg, nil
}

// env is what cfg's modules get from the process.
func (h *host) env(cfg *Config) httpd.Env {
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
	}
}

// openMainLog builds the main error log: what error_log says, and what -e says
// where that names no file.
func (cfg *Config) openMainLog(outputs []errlog.Output, fallback string) {
	if errlog.NeedsDefault(outputs) {
		out := errlog.Output{Threshold: errlog.Threshold{Level: errlog.Error}, File: true}
		if fallback == "stderr" {
			out.Sink, out.Console = errlog.FileSink(cfg.logs.Stderr()), true
		} else {
			out.Sink = errlog.FileSink(cfg.logs.File(fallback))
		}
		outputs = append(outputs[:len(outputs):len(outputs)], out)
	}
	cfg.outputs = outputs
	cfg.Log = errlog.New(errlog.Config{Outputs: outputs})
}

// hostname is the machine's name in lower case, as nginx keeps it.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return strings.ToLower(name)
}
