package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

const (
	levelAlert = errlog.Alert
	levelCrit  = errlog.Crit
)

// errorLogs are the error_log directives of a block.
type errorLogs struct {
	outputs conf.List[errlog.Output]
	logger  *errlog.Logger
}

func (b *Builder) bindErrorLogs(c *errorLogs, t *conf.Table) {
	t.Func("error_log", func(cmd *conf.Cmd) error {
		out, err := b.Env.OpenLog(cmd)
		if err != nil {
			return err
		}
		c.outputs.Add(cmd.Block, out)
		return nil
	})
}

// loggerOf returns the logger that holds in a block: the main one where no
// error_log was given.
func (b *Builder) loggerOf(block *conf.Block) *errlog.Logger {
	if b.Env.Tracing != nil {
		return b.Env.Tracing.Log
	}
	l := b.logs.Of(block)
	if len(l.outputs.Items) == 0 {
		return b.Env.Log
	}
	if l.logger == nil {
		l.logger = b.Env.Logger(l.outputs.Items)
	}
	return l.logger
}
