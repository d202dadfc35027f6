package pass

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// cachePath is a *_cache_path as it is read.
type cachePath struct {
	levels [3]int
	zone   string
	size   int64
}

// checkPath reads *_cache_path.
func (k *cacheCheck) checkPath(c *conf.Cmd) error {
	var p cachePath
	for _, a := range c.Args[1:] {
		if err := p.parameter(c, a.Value); err != nil {
			return err
		}
	}
	if p.zone == "" || p.size == 0 {
		return c.Errorf(`"%s" must have "keys_zone" parameter`, c.Name.Value)
	}
	dir := c.Loader.FullPath(strings.TrimSuffix(c.Arg(0), "/"))
	if err := c.UsePath(dir, p.levels, true); err != nil {
		return err
	}
	if err := c.SharedZone(p.zone, p.size, k.owner); err != nil {
		return err
	}
	if k.zones[p.zone] {
		return c.Errorf(`duplicate zone "%s"`, p.zone)
	}
	k.zones[p.zone] = true
	return nil
}

// parameter reads one of the parameters behind the path.
func (p *cachePath) parameter(c *conf.Cmd, text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found {
		return c.Errorf(`invalid parameter "%s"`, text)
	}
	ok := true
	switch name {
	case "levels":
		if p.levels, ok = parseLevels(value); !ok {
			return c.Errorf(`invalid "levels" "%s"`, text)
		}
	case "use_temp_path":
		if value != "on" && value != "off" {
			return c.Errorf(`invalid use_temp_path value "%s", it must be "on" or "off"`, text)
		}
	case "keys_zone":
		zone, size, sized := strings.Cut(value, ":")
		p.zone = zone
		p.size, ok = conf.ParseSize(size)
		switch {
		case !sized || !ok:
			return c.Errorf(`invalid keys zone size "%s"`, text)
		case p.size < 2*4096:
			return c.Errorf(`keys zone "%s" is too small`, text)
		}
	case "inactive":
		_, ok = conf.ParseSec(value)
	case "max_size", "min_free":
		_, ok = conf.ParseOffset(value)
	case "loader_files", "manager_files":
		_, ok = conf.ParseInt(value)
	case "loader_sleep", "loader_threshold", "manager_sleep", "manager_threshold":
		_, ok = conf.ParseMsec(value)
	default:
		return c.Errorf(`invalid parameter "%s"`, text)
	}
	if !ok {
		return c.Errorf(`invalid %s value "%s"`, name, text)
	}
	return nil
}

// parseLevels reads up to three levels of one or two digits each, as 1:2.
func parseLevels(text string) (levels [3]int, ok bool) {
	parts := strings.Split(text, ":")
	if text == "" {
		return levels, true
	}
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
