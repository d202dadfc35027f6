package runtime

import (
	"io"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/logfile"
	"github.com/sluiceproxy/sluice/runtime/resource"
)

// Config is one loaded configuration: everything between reading the files and
// serving. It is immutable once it serves.
type Config struct {
	Main  *MainConf
	HTTP  *httpd.Config  // without addresses where there is no http block
	Files []*parser.File // in the order in which they were opened, for -T; nil from Change.Open on
	Log   *errlog.Logger // the main error log
	// RawSockets says that something needs the right to send from foreign addresses.
	RawSockets bool

	logs      *logfile.Set
	resources *resource.Set   // what modules have made or carried over
	outputs   []errlog.Output // of Log
	folders   []string        // to be made at the start
	warnings  []string
	wanted    acme.Plan // certificates

	keepStderr bool         // an error_log of some block goes there
	loader     *conf.Loader // nil once release was called
}

// release drops what only loading and checking need, when both are done: the tree of
// the parser, which is several times as large as what serves.
func (cfg *Config) release() {
	if cfg.loader != nil {
		cfg.loader.Release()
		cfg.loader, cfg.Files = nil, nil
	}
}

// Warnings are what nginx would have warned of, up to the first error.
func (cfg *Config) Warnings() []string { return cfg.warnings }

// LogFiles are the log files of the configuration.
func (cfg *Config) LogFiles() *logfile.Set { return cfg.logs }

// LogTo is a logger like Log that writes to console as well; nil is for none.
func (cfg *Config) LogTo(console io.Writer) *errlog.Logger {
	return errlog.New(errlog.Config{Outputs: cfg.outputs, Console: console})
}

// StderrPath is the log file that is to be the process's stderr as well, so that a crash
// leaves its trace there. It is "" where the log is stderr itself.
func (cfg *Config) StderrPath() string {
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

// Close closes the logs. It may be called twice.
func (cfg *Config) Close() {
	cfg.Log.Close()
	cfg.logs.Close()
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
