package log

import (
	"sync"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/logfile"
	"github.com/sluiceproxy/sluice/runtime/module/log/logformat"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Module is ngx_http_log_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_log_module", Register: register}
}

const (
	combinedName = "combined"
	combinedText = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent ` +
		`"$http_referer" "$http_user_agent"`
)

// settings are the access logs of a block.
type settings struct {
	logs  conf.List[*accessLog]
	off   conf.Slot[bool]
	cache *pathCache // open_log_file_cache
}

// accessLog is one access_log directive.
type accessLog struct {
	format *logformat.Format[*httpd.Request]
	filter *script.Value // if=

	// One of these is where lines go.
	file   *logfile.File
	syslog *logfile.Syslog
	path   *script.Value
	state  pathState // of path
}

// module is the state of one load.
type module struct {
	b        *httpd.Builder
	formats  map[string]*namedFormat
	specials map[string]special
	fallback []*accessLog // the logs where no access_log is given
}

func register(b *httpd.Builder, m *conf.Module) {
	l := &module{b: b, specials: specials(), formats: map[string]*namedFormat{combinedName: {name: combinedName}}}
	s := conf.NewSection(m, settings{}, l.bind)
	m.Directive("log_format", l.addFormat)
	b.Plan(func(p *httpd.Plan) { l.plan(p, s.Of(p.Block)) })
}

func (l *module) bind(c *settings, t *conf.Table) {
	t.Func("access_log", func(cmd *conf.Cmd) error { return l.addLog(c, cmd) })
	t.Func("open_log_file_cache", func(cmd *conf.Cmd) error {
		cache, err := l.setCache(cmd)
		c.cache = cache
		return err
	})
}

// plan adds the logs of a location.
func (l *module) plan(p *httpd.Plan, c *settings) {
	logs := c.logs.Items
	switch {
	case c.off.V:
		return
	case len(logs) == 0:
		logs = l.defaultLogs()
	}
	w := &writer{logs: logs, cache: c.cache}
	p.Log(w.log)
}

// defaultLogs makes the log for blocks without access_log.
func (l *module) defaultLogs() []*accessLog {
	if l.fallback == nil {
		// The text of combined is well formed.
		f, _ := l.format(l.formats[combinedName])
		l.fallback = []*accessLog{{format: f, file: l.b.Env.LogFiles.File(l.b.Loader.Layout.AccessLog)}}
	}
	return l.fallback
}

// report passes failures of a syslog server on to the error log.
func (l *module) report(p logfile.Problem) { errlog.Report(l.b.Env.Log)(p) }

// writer is the log phase of a location.
type writer struct {
	logs  []*accessLog
	cache *pathCache
}

// line is a buffer to put a line together in.
type line struct{ b []byte }

// maxKeep is the capacity up to which a line's buffer is kept.
const maxKeep = 64 << 10

var lines = sync.Pool{New: func() any { return &line{b: make([]byte, 0, 512)} }}

// log writes the request's lines.
func (w *writer) log(r *httpd.Request) httpd.Result {
	buf := lines.Get().(*line)
	for _, a := range w.logs {
		if a.filter != nil {
			if v := a.filter.Eval(r); len(v) == 0 || len(v) == 1 && v[0] == '0' {
				continue
			}
		}
		buf.b = append(a.format.Append(buf.b[:0], r), '\n')
		switch {
		case a.file != nil:
			if p := a.file.Write(buf.b); p != nil {
				r.Logf(errlog.Level(p.Severity)+1, p.Err, "%s", p.Text)
			}
		case a.syslog != nil:
			if !a.syslog.Write(buf.b) {
				r.Logf(errlog.Warn, nil, "send() to syslog failed")
			}
		default:
			w.writePath(r, a, buf.b)
		}
	}
	if cap(buf.b) <= maxKeep {
		lines.Put(buf)
	}
	return httpd.OK
}
