package errlog

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/logfile"
)

// Lookup finds the addresses of a host's name.
type Lookup = func(host string) ([]netip.Addr, error)

// Parse reads the arguments of an error_log directive: a destination (a path, "stderr", "syslog:server=...", "memory:size") and
// levels. A path is registered in files and usable once these are open. lookup resolves a syslog server's name. report receives
// later failures of a syslog server; it may be nil. Errors are nginx's, without the place in the configuration.
func Parse(files *logfile.Set, args []string, lookup Lookup, report func(logfile.Problem)) (Output, error) {
	if len(args) == 0 {
		return Output{}, errors.New("no log destination")
	}
	var out Output
	size, isMemory := strings.CutPrefix(args[0], "memory:")
	switch {
	case args[0] == "stderr", args[0] == "": // nginx takes no name for its stderr
		out.Sink, out.File, out.Console = fileSink{files.Stderr()}, true, true
	case isMemory:
		n, ok := conf.ParseSize(size)
		if !ok || n < minMemory {
			return out, fmt.Errorf("invalid buffer size \"%s\"", size)
		}
		out.Sink = NewMemory(int(n))
	case logfile.IsSyslog(args[0]):
		c, err := logfile.ParseSyslog(args[0], lookup)
		if err != nil {
			return out, err
		}
		out.Sink = syslogSink{logfile.NewSyslog(c, report)}
	default:
		out.Sink, out.File = fileSink{files.File(args[0])}, true
	}
	var err error
	out.Threshold, err = ParseLevels(args[1:])
	return out, err
}

// Report makes the function that logs the problems of log files and syslog servers
// to l.
func Report(l *Logger) func(logfile.Problem) {
	return func(p logfile.Problem) {
		l.Log(Level(p.Severity)+1, 0, p.Err, about(p.About), "%s", p.Text)
	}
}

type about string

// LogFields implements Context.
func (a about) LogFields(f *Fields) {
	text, server, found := strings.Cut(strings.TrimPrefix(string(a), " while "), ", server: ")
	f.Action(text)
	if found {
		f.Add("server", []byte(server))
	}
}
