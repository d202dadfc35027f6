package cache

import (
	"os"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// ParsePath reads a *_cache_path directive: the zone's name, and its options but for Log. The
// folder and the zone are declared to the loader; owner is whose zones the caches are, as for
// [conf.Cmd.SharedZone].
func ParsePath(c *conf.Cmd, owner string) (name string, o Options, err error) {
	o = Defaults()
	o.Dir = c.Loader.FullPath(strings.TrimSuffix(c.Arg(0), "/"))
	for _, a := range c.Args[1:] {
		param, value, found := strings.Cut(a.Value, "=")
		switch {
		case !found:
			err = c.Errorf(`invalid parameter "%s"`, a.Value)
		case param == "keys_zone":
			name, o.ZoneSize, err = parseZone(c, a.Value, value)
		default:
			err = o.set(c, a.Value, param, value)
		}
		if err != nil {
			return "", o, err
		}
	}
	if name == "" || o.ZoneSize == 0 {
		return "", o, c.Errorf(`"%s" must have "keys_zone" parameter`, c.Name.Value)
	}
	if err := c.UsePath(o.Dir, o.Levels, true); err != nil {
		return "", o, err
	}
	c.Loader.Folder(o.Dir)
	return name, o, c.SharedZone(name, o.ZoneSize, owner)
}

// minPages is the smallest size of a zone, in pages.
const minPages = 2

// parseZone reads NAME:SIZE.
func parseZone(c *conf.Cmd, arg, value string) (name string, size int64, err error) {
	name, text, found := strings.Cut(value, ":")
	size, ok := conf.ParseSize(text)
	switch {
	case !found || !ok:
		return "", 0, c.Errorf(`invalid keys zone size "%s"`, arg)
	case size < int64(minPages*os.Getpagesize()):
		return "", 0, c.Errorf(`keys zone "%s" is too small`, arg)
	}
	return name, size, nil
}

// set reads one of the other parameters.
func (o *Options) set(c *conf.Cmd, arg, param, value string) error {
	var ok bool
	switch param {
	case "levels":
		if o.Levels, ok = parseLevels(value); !ok {
			return c.Errorf(`invalid "levels" "%s"`, arg)
		}
	case "use_temp_path":
		o.UseTempPath, ok = value == "on", value == "on" || value == "off"
	case "purger":
		o.Purge, ok = value == "on", value == "on" || value == "off"
	case "inactive":
		var sec int64
		sec, ok = conf.ParseSec(value)
		o.Inactive = seconds(sec)
	case "max_size":
		o.MaxSize, ok = conf.ParseOffset(value)
	case "min_free":
		o.MinFree, ok = conf.ParseOffset(value)
	default:
		known := false
		if known, ok = o.setPace(param, value); !known {
			return c.Errorf(`invalid parameter "%s"`, arg)
		}
	}
	switch {
	case ok:
		return nil
	case param == "use_temp_path" || param == "purger":
		return c.Errorf(`invalid %s value "%s", it must be "on" or "off"`, param, arg)
	}
	return c.Errorf(`invalid %s value "%s"`, param, arg)
}

// setPace reads loader_files and its like.
func (o *Options) setPace(param, value string) (known, ok bool) {
	who, what, _ := strings.Cut(param, "_")
	p := map[string]*Pace{"loader": &o.Loader, "manager": &o.Manager, "purger": &o.Purger}[who]
	if p == nil {
		return false, false
	}
	var ms int64
	switch what {
	case "files":
		p.Files, ok = conf.ParseInt(value)
	case "sleep":
		ms, ok = conf.ParseMsec(value)
		p.Sleep = milliseconds(ms)
	case "threshold":
		ms, ok = conf.ParseMsec(value)
		p.Threshold = milliseconds(ms)
	default:
		return false, false
	}
	return true, ok
}

// longest is the longest time.Duration: 292 years.
const longest = time.Duration(1<<63 - 1)

func seconds(n int64) time.Duration { return scale(n, time.Second) }

func milliseconds(n int64) time.Duration { return scale(n, time.Millisecond) }

func scale(n int64, unit time.Duration) time.Duration {
	return time.Duration(min(n, int64(longest/unit))) * unit
}

// parseLevels reads up to three levels of one or two digits each, as 1:2.
func parseLevels(text string) (levels [3]int, ok bool) {
	if text == "" {
		return levels, true
	}
	parts := strings.Split(text, ":")
	if len(parts) > len(levels) {
		return levels, false
	}
	for i, part := range parts {
		if part != "1" && part != "2" {
			return levels, false
		}
		levels[i] = int(part[0] - '0')
	}
	return levels, true
}
