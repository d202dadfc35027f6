package role

import (
	"fmt"
	"io"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/logfile"
)

// startLog is the log of the time in which no configuration has been read yet:
// the file of -e and the console.
type startLog struct {
	*errlog.Logger
	files *logfile.Set
}

// openStartLog opens the log of the start. Where the file cannot be opened, its
// records go to the console.
func openStartLog(o *runtime.Options, lv errlog.Level) startLog {
	s := startLog{files: logfile.NewSet(logfile.Options{Prefix: o.Prefix})}
	out := errlog.Output{Threshold: errlog.Threshold{Level: lv}}
	stderr := func() { out.Sink, out.Console = errlog.FileSink(s.files.Stderr()), true }
	if path := o.StartLog(); path == "stderr" {
		stderr()
	} else {
		out.Sink = errlog.FileSink(s.files.File(path))
		if err := s.files.Open(); err != nil {
			say(o.Console, "[alert] could not open error log file: %s", err)
			stderr()
		}
	}
	s.Logger = errlog.New(errlog.Config{Outputs: []errlog.Output{out}, Console: o.Console})
	return s
}

// close ends the log; later records are dropped.
func (s *startLog) close() { s.files.Close() }

// say prints a line of the command's own on the console.
func say(console io.Writer, format string, args ...any) {
	if console != nil {
		// Nothing is left to report to when the console itself fails.
		_, _ = fmt.Fprintf(console, "nginx: "+format+"\n", args...)
	}
}
