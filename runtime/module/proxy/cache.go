package proxy

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// cacheSettings are a block's settings of the cache.
type cacheSettings struct {
	zone string // "" where there is none, or where the name has variables
}

// registerCache accepts the directives of the cache, so that a configuration with one
// still serves. Their form is checked, and a warning is printed that responses are
// not cached.
func (m *module) registerCache(mod *conf.Module) {
	for name, check := range cacheDirectives {
		mod.Directive(name, check)
	}
	m.cacheZones = map[string]bool{}
	mod.Directive("proxy_cache_path", m.checkCachePath)
	warned := false
	section := conf.NewSection(mod, cacheSettings{}, func(s *cacheSettings, t *conf.Table) {
		t.Func("proxy_cache", func(c *conf.Cmd) error {
			v, err := m.b.Value(c, 0)
			s.zone = ""
			if err != nil || c.Arg(0) == "off" {
				return err
			}
			if name, static := v.Static(); static {
				s.zone = string(name)
				err = c.SharedZone(s.zone, 0, cacheOwner)
			}
			if !warned {
				warned = true
				c.Warnf(`"proxy_cache" is known to nginx but not supported here, responses are not cached`)
			}
			return err
		})
	})
	section.Finish(mod, func(b *conf.Block, s *cacheSettings) error {
		if !section.Unused(b) && s.zone != "" && !m.cacheZones[s.zone] {
			return errors.New(`"proxy_cache" zone "` + s.zone + `" is unknown`)
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
	names := append(slices.Collect(maps.Keys(cacheDirectives)), "proxy_cache_path", "proxy_cache", "proxy_cache_key", "proxy_cache_bypass", "proxy_no_cache")
	mod.Partial("checked, but responses are not cached yet; a warning says so where one would be, see ADR 8", names...)
}

// cacheDirectives are those whose values mean nothing without a cache.
var cacheDirectives = map[string]func(*conf.Cmd) error{
	"proxy_cache_valid":             checkCacheValid,
	"proxy_cache_min_uses":          checkNumber,
	"proxy_cache_use_stale":         checkUseStale,
	"proxy_cache_methods":           checkMethods,
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

// checkUseStale and checkMethods know the words of the two directives.
func checkUseStale(c *conf.Cmd) error {
	return checkWords(c, "error", "timeout", "invalid_header", "updating", "http_500", "http_502", "http_503", "http_504",
		"http_403", "http_404", "http_429", "off")
}

func checkMethods(c *conf.Cmd) error { return checkWords(c, "GET", "HEAD", "POST") }

func checkWords(c *conf.Cmd, words ...string) error {
	seen := map[string]bool{}
	for _, a := range c.Args {
		i := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, a.Value) })
		switch {
		case i < 0:
			return c.Errorf(`invalid value "%s"`, a.Value)
		case seen[words[i]]:
			c.Warnf(`duplicate value "%s"`, a.Value)
		}
		seen[words[i]] = true
	}
	return nil
}
