package runtime

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/logfile"
	"github.com/sluiceproxy/sluice/runtime/openfile"
)

// DefaultErrorLog is the error log of a configuration without one, relative to
// the prefix.
const DefaultErrorLog = "logs/error.log"

// Options are what the command line says; the zero value takes nginx's
// defaults relative to the current folder.
type Options struct {
	ConfPath string // -c, absolute
	Prefix   string // -p, absolute, with a trailing slash
	ErrorLog string // -e: path, "stderr", or "" for logs/error.log
	Param    string // -g
	Stderr   io.Writer
}

// Config is one loaded configuration: everything between reading the file and
// serving it. It is immutable once it serves.
type Config struct {
	Main  *MainConf
	HTTP  *httpd.Config // nil without an http block
	Files []*parser.File
	Log   *errlog.Logger // the main error log

	logs     *logfile.Set
	loader   *conf.Loader
	warnings []string
}

// process is what outlives configurations.
type process struct {
	files *openfile.Cache
	stats *httpd.Stats
	carry map[string]any
	next  map[string]any
}

func newProcess() *process {
	return &process{files: openfile.NewCache(0), stats: &httpd.Stats{}, carry: map[string]any{}}
}

// carried implements httpd.Env.Carry.
func (p *process) carried(kind, name string, make func() any) any {
	key := kind + " " + name
	v, ok := p.next[key]
	if !ok {
		if v, ok = p.carry[key]; !ok {
			v = make()
		}
		p.next[key] = v
	}
	return v
}

// Problem is a failure to load, in nginx's words, with the warnings before it.
type Problem struct {
	Text     string
	Warnings []string
	All      []conf.Problem
}

func (p *Problem) Error() string { return p.Text }

// Load reads a configuration. prev is the running one, whose log files, zones
// and pools are taken over; nil at start. The error is a *Problem.
func (p *process) load(o Options, prev *Config) (*Config, error) {
	l := conf.NewLoader(o.ConfPath, o.Prefix)
	cfg := &Config{loader: l}
	setOpts := logfile.Options{Prefix: o.Prefix}
	if prev != nil {
		setOpts.Previous = prev.logs
	}
	cfg.logs = logfile.NewSet(setOpts)
	openLog := func(c *conf.Cmd) (errlog.Output, error) {
		out, err := errlog.Parse(cfg.logs, c.Values(), nil)
		if err != nil {
			return out, c.Errorf("%s", err.Error())
		}
		return out, nil
	}
	p.next = map[string]any{}
	reg := register(l, httpd.Env{
		OpenLog: openLog, Files: p.files, Stats: p.stats, Carry: p.carried, Hostname: hostname(),
		LogFiles: cfg.logs,
		Logger:   func(outputs []errlog.Output) *errlog.Logger { return errlog.New(errlog.Config{Outputs: outputs}) },
	})
	main, b := reg.main, reg.http
	var logErr error
	main.Finish(l.Module("sluice_main"), func(block *conf.Block, c *MainConf) error {
		if block.Parent == nil {
			cfg.Main = c
			b.Env.Log, logErr = cfg.mainLog(o)
			cfg.Log = b.Env.Log
		}
		return logErr
	})
	l.AtEnd(func() error {
		if !b.Present() {
			return nil
		}
		built, err := b.Build()
		cfg.HTTP = built
		return err
	})
	err := l.Load(o.Param)
	cfg.Files = l.Files
	cfg.warnings = l.Warnings()
	if err != nil {
		return cfg, &Problem{Text: err.Error(), Warnings: cfg.warnings, All: l.Problems()}
	}
	return cfg, nil
}

// mainLog builds the main error log: the configured ones, or -e's.
func (cfg *Config) mainLog(o Options) (*errlog.Logger, error) {
	outputs := cfg.Main.logs.Items
	if errlog.NeedsDefault(outputs) {
		path := o.ErrorLog
		if path == "" {
			path = DefaultErrorLog
		}
		out, err := errlog.Parse(cfg.logs, []string{path}, nil)
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, out)
	}
	if cfg.Main.PID == "" {
		cfg.Main.PID = filepath.Join(o.Prefix, "logs/nginx.pid")
	}
	return errlog.New(errlog.Config{Outputs: outputs}), nil
}

// open opens the log files.
func (cfg *Config) open() error { return cfg.logs.Open() }

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// ErrNoEvents is nginx's complaint about a file without an events block.
var ErrNoEvents = errors.New(`no "events" section in configuration`)
