package proxy

import (
	"maps"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// registerCache accepts the directives of the cache, so that a configuration
// with one still serves. Their form is checked, and one warning says that
// nothing is kept.
func (m *module) registerCache(mod *conf.Module) {
	for name, check := range cacheDirectives {
		if check == nil {
			check = func(*conf.Cmd) error { return nil }
		}
		mod.Directive(name, check)
	}
	warned := false
	mod.Directive("proxy_cache", func(c *conf.Cmd) error {
		if _, err := m.b.Value(c, 0); err != nil {
			return err
		}
		if c.Arg(0) != "off" && !warned {
			warned = true
			c.Warnf(`"proxy_cache" is known to nginx but not supported here, responses are not cached`)
		}
		return nil
	})
	mod.Directive("proxy_cache_key", func(c *conf.Cmd) error {
		_, err := m.b.Value(c, 0)
		return err
	})
	values := func(c *conf.Cmd) error {
		for i := range c.Args {
			if _, err := m.b.Value(c, i); err != nil {
				return err
			}
		}
		return nil
	}
	mod.Directive("proxy_cache_bypass", values)
	mod.Directive("proxy_no_cache", values)
	names := append(slices.Collect(maps.Keys(cacheDirectives)), "proxy_cache", "proxy_cache_key", "proxy_cache_bypass", "proxy_no_cache")
	mod.Partial("checked, but responses are not cached yet; a warning says so where one would be, see ADR 8", names...)
}

// cacheDirectives are those whose values mean nothing without a cache.
var cacheDirectives = map[string]func(*conf.Cmd) error{
	"proxy_cache_path":              checkCachePath,
	"proxy_cache_valid":             checkCacheValid,
	"proxy_cache_min_uses":          checkNumber,
	"proxy_cache_use_stale":         nil,
	"proxy_cache_methods":           nil,
	"proxy_cache_lock":              checkFlag,
	"proxy_cache_lock_timeout":      checkTime,
	"proxy_cache_lock_age":          checkTime,
	"proxy_cache_revalidate":        checkFlag,
	"proxy_cache_convert_head":      checkFlag,
	"proxy_cache_background_update": checkFlag,
	"proxy_cache_max_range_offset":  checkOffset,
}

func checkFlag(c *conf.Cmd) error {
	_, err := c.Flag()
	return err
}

func checkNumber(c *conf.Cmd) error {
	if _, ok := conf.ParseInt(c.Arg(0)); !ok {
		return c.Bad("invalid number")
	}
	return nil
}

func checkTime(c *conf.Cmd) error {
	if _, ok := conf.ParseMsec(c.Arg(0)); !ok {
		return c.Bad("invalid value")
	}
	return nil
}

func checkOffset(c *conf.Cmd) error {
	if _, ok := conf.ParseOffset(c.Arg(0)); !ok {
		return c.Bad("invalid value")
	}
	return nil
}

// checkCachePath reads proxy_cache_path as far as its zone.
func checkCachePath(c *conf.Cmd) error {
	for _, a := range c.Args[1:] {
		zone, ok := strings.CutPrefix(a.Value, "keys_zone=")
		if !ok {
			continue
		}
		name, size, found := strings.Cut(zone, ":")
		n, valid := conf.ParseSize(size)
		switch {
		case !found || name == "" || !valid:
			return c.Errorf(`invalid keys zone size "%s"`, a.Value)
		case n < 2*4096:
			return c.Errorf(`keys zone "%s" is too small`, a.Value)
		}
		return nil
	}
	return c.Errorf(`"%s" must have "keys_zone" parameter`, c.Name.Value)
}

// checkCacheValid reads [code ...] time.
func checkCacheValid(c *conf.Cmd) error {
	last := len(c.Args) - 1
	if _, ok := conf.ParseSec(c.Arg(last)); !ok {
		return c.Errorf(`invalid time value "%s"`, c.Arg(last))
	}
	for _, a := range c.Args[:last] {
		if n, ok := conf.ParseInt(a.Value); a.Value != "any" && (!ok || n < 100 || n > 599) {
			return c.Errorf(`invalid status "%s"`, a.Value)
		}
	}
	return nil
}
