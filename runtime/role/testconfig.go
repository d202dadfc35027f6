package role

import (
	"io"

	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// Test is -t: it loads and checks a configuration, says how that went on the
// console, and returns the exit code. quiet is -q; dump, for -T, receives the
// files that were read.
func Test(o runtime.Options, quiet bool, dump io.Writer) int {
	early := openStartLog(&o, errlog.Info)
	defer early.close()
	c := runtime.NewHost().Load(o, nil)
	err := c.Report(early.Logger, o.Console)
	if err == nil {
		if !quiet {
			say(o.Console, "the configuration file %s syntax is ok", o.ConfPath)
		}
		err = try(c)
	}
	if err != nil {
		say(o.Console, "configuration file %s test failed", o.ConfPath)
		return 1
	}
	c.Undo()
	if !quiet {
		say(o.Console, "configuration file %s test is successful", o.ConfPath)
	}
	if dump != nil {
		if err := parser.Dump(dump, c.Config.Files); err != nil {
			return 1
		}
	}
	return 0
}

// try is what -t does beyond loading: it makes folders, opens the log files and the pid
// file, and tries to listen.
func try(c *runtime.Change) error {
	if err := c.Check(); err != nil {
		return err
	}
	if err := process.TestPID(c.Config.Main.PID); err != nil {
		return c.Fail(err)
	}
	return c.Try()
}
