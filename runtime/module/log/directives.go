package log

import (
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/logfile"
	"github.com/sluiceproxy/sluice/runtime/module/log/logformat"
)

// namedFormat is a log_format.
type namedFormat struct {
	name     string
	seq      int // place in reading order
	compiled *logformat.Format[*httpd.Request]
}

// addFormat handles log_format.
func (l *module) addFormat(c *conf.Cmd) error {
	name := c.Arg(0)
	if f := l.formats[name]; f != nil {
		return c.Errorf(`duplicate "log_format" name "%s"`, name)
	}
	compiled, err := logformat.Compile(l.b.Vars, l.specials, c.Values()[1:])
	if err != nil {
		return c.Errorf("%s", err.Error())
	}
	l.formats[name] = &namedFormat{name: name, seq: c.Seq, compiled: compiled}
	return nil
}

// format returns the compiled form of f. The predefined format is compiled
// when something uses it.
func (l *module) format(f *namedFormat) (*logformat.Format[*httpd.Request], error) {
	if f.compiled == nil {
		compiled, err := logformat.Compile(l.b.Vars, l.specials, []string{combinedText})
		if err != nil {
			return nil, err
		}
		f.compiled = compiled
	}
	return f.compiled, nil
}

// lookup finds a format that was defined before c, in nginx's reading order.
// Case does not matter.
func (l *module) lookup(c *conf.Cmd, name string) (*logformat.Format[*httpd.Request], error) {
	var found *namedFormat
	for _, f := range l.formats {
		if f.seq < c.Seq && strings.EqualFold(f.name, name) && (found == nil || f.seq < found.seq) {
			found = f
		}
	}
	if found == nil {
		return nil, c.Errorf(`unknown log format "%s"`, name)
	}
	return l.format(found)
}

// addLog handles access_log.
func (l *module) addLog(s *settings, c *conf.Cmd) error {
	dest := c.Arg(0)
	if dest == "off" {
		if len(c.Args) > 1 {
			return c.Errorf(`invalid parameter "%s"`, c.Arg(1))
		}
		s.off.Set(c.Block, true)
		return nil
	}
	if !s.off.SetAt(c.Block) {
		s.off.Set(c.Block, false)
	}
	a := &accessLog{}
	if err := l.setDestination(a, c); err != nil {
		return err
	}
	name := combinedName
	if len(c.Args) > 1 {
		name = c.Arg(1)
	}
	f, err := l.lookup(c, name)
	if err != nil {
		return err
	}
	a.format = f
	if err := l.setParams(a, c); err != nil {
		return err
	}
	s.logs.Add(c.Block, a)
	return nil
}

// setDestination reads where lines go.
func (l *module) setDestination(a *accessLog, c *conf.Cmd) error {
	dest := c.Arg(0)
	switch {
	case logfile.IsSyslog(dest):
		sc, err := logfile.ParseSyslog(dest, c.Loader.Inputs.LookupHost)
		if err != nil {
			return c.Errorf("%s", err.Error())
		}
		a.syslog = logfile.NewSyslog(sc, l.report)
		l.b.Env.Resources.OnStop(a.syslog.Close)
	case strings.Contains(dest, "$"):
		v, err := l.b.Vars.Compile(c.Loader.FullPath(dest))
		if err != nil {
			return c.Errorf("%s", err.Error())
		}
		a.path = v
	}
	return nil
}

// setParams reads what follows the format's name, and opens the file.
func (l *module) setParams(a *accessLog, c *conf.Cmd) error {
	var buffering logfile.Buffering
	for i := 2; i < len(c.Args); i++ {
		arg := c.Arg(i)
		key, value, _ := strings.Cut(arg, "=")
		var err error
		switch {
		case strings.HasPrefix(arg, "if="):
			a.filter, err = l.b.Vars.Compile(value)
			if err != nil {
				err = c.Errorf("%s", err.Error())
			}
		case key == "gzip" || strings.HasPrefix(arg, "buffer=") || strings.HasPrefix(arg, "flush="):
			err = setBuffering(&buffering, c, key, value, arg != "gzip")
		default:
			err = c.Errorf(`invalid parameter "%s"`, arg)
		}
		if err != nil {
			return err
		}
	}
	dest := c.Arg(0)
	switch {
	case buffering.Size == 0 && buffering.Flush > 0:
		return c.Errorf(`no buffer is defined for access_log "%s"`, dest)
	case buffering.Size > 0 && a.path != nil:
		return c.Errorf("buffered logs cannot have variables in name")
	case buffering.Size > 0 && a.syslog != nil:
		return c.Errorf("logs to syslog cannot be buffered")
	case a.path != nil || a.syslog != nil:
		return nil
	case dest == "":
		a.file = l.b.Env.LogFiles.Stderr()
		return nil
	case buffering.Size == 0:
		a.file = l.b.Env.LogFiles.File(dest)
		return nil
	}
	f, err := l.b.Env.LogFiles.Buffered(dest, buffering)
	if err != nil {
		return c.Errorf("%s", err.Error())
	}
	a.file = f
	return nil
}

// setBuffering reads buffer=, flush= or gzip, which may have a level.
func setBuffering(b *logfile.Buffering, c *conf.Cmd, key, value string, given bool) error {
	switch key {
	case "buffer":
		n, ok := conf.ParseSize(value)
		if !ok || n == 0 {
			return c.Errorf(`invalid buffer size "%s"`, value)
		}
		b.Size = int(n)
	case "flush":
		ms, ok := conf.ParseMsec(value)
		if !ok || ms == 0 {
			return c.Errorf(`invalid flush time "%s"`, value)
		}
		b.Flush = time.Duration(ms) * time.Millisecond
	default:
		if b.Size == 0 {
			b.Size = logfile.DefaultGzipBuffer
		}
		b.Gzip = 1
		if given {
			n, ok := conf.ParseInt(value)
			if !ok || n < 1 || n > 9 {
				return c.Errorf(`invalid compression level "%s"`, value)
			}
			b.Gzip = n
		}
	}
	return nil
}

// setCache handles open_log_file_cache.
func (l *module) setCache(c *conf.Cmd) (*pathCache, error) {
	o := cacheOptions{inactive: 10, valid: 60, minUses: 1}
	off := false
	for i := range c.Args {
		arg := c.Arg(i)
		key, value, _ := strings.Cut(arg, "=")
		var ok bool
		switch {
		case strings.HasPrefix(arg, "max="):
			o.max, ok = conf.ParseInt(value)
		case strings.HasPrefix(arg, "min_uses="):
			o.minUses, ok = conf.ParseInt(value)
		case strings.HasPrefix(arg, "inactive="):
			o.inactive, ok = conf.ParseSec(value)
		case strings.HasPrefix(arg, "valid="):
			o.valid, ok = conf.ParseSec(value)
		default:
			off = key == "off" && arg == key
			ok = off
		}
		if !ok {
			return nil, c.Errorf(`invalid "open_log_file_cache" parameter "%s"`, arg)
		}
	}
	if off {
		return nil, nil
	}
	if o.max == 0 {
		return nil, c.Errorf(`"open_log_file_cache" must have "max" parameter`)
	}
	cache := newPathCache(o)
	l.b.Env.Resources.OnStop(cache.close)
	return cache, nil
}
