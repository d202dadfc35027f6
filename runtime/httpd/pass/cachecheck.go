package pass

import (
	"errors"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// cacheSettings are a block's settings of the cache.
type cacheSettings struct {
	zone string // "" where there is none, or where the name has variables
}

// cacheCheck reads the directives of the cache under one prefix.
type cacheCheck struct {
	b     *httpd.Builder
	owner string          // nginx's module whose zones the caches are
	zones map[string]bool // of *_cache_path, by name
}

// CheckCache accepts the directives of the cache under a prefix such as "proxy", so that a
// configuration with one still serves. Their form is checked, and a warning is printed that
// responses are not cached. owner is nginx's name of the module.
func CheckCache(b *httpd.Builder, mod *conf.Module, prefix, owner string) {
	k := &cacheCheck{b: b, owner: owner, zones: map[string]bool{}}
	p := prefix + "_"
	names := []string{p + "cache_path", p + "cache", p + "cache_key", p + "cache_bypass", p + "no_cache"}
	for name, check := range cacheDirectives {
		if name == "cache_convert_head" && prefix != "proxy" {
			continue // nginx has it for the proxy alone
		}
		mod.Directive(p+name, check)
		names = append(names, p+name)
	}
	mod.Directive(p+"cache_path", k.checkPath)
	warned := false
	section := conf.NewSection(mod, cacheSettings{}, func(s *cacheSettings, t *conf.Table) {
		t.Func(p+"cache", func(c *conf.Cmd) error {
			v, err := b.Value(c, 0)
			s.zone = ""
			if err != nil || c.Arg(0) == "off" {
				return err
			}
			if name, static := v.Static(); static {
				s.zone = string(name)
				err = c.SharedZone(s.zone, 0, owner)
			}
			if !warned {
				warned = true
				c.Warnf(`"%scache" is known to nginx but not supported here, responses are not cached`, p)
			}
			return err
		})
	})
	section.Finish(mod, func(b *conf.Block, s *cacheSettings) error {
		if !section.Unused(b) && s.zone != "" && !k.zones[s.zone] {
			return errors.New(`"` + p + `cache" zone "` + s.zone + `" is unknown`)
		}
		return nil
	})
	mod.Directive(p+"cache_key", func(c *conf.Cmd) error {
		_, err := b.Value(c, 0)
		return err
	})
	values := func(c *conf.Cmd) error {
		for i := range c.Args {
			if _, err := b.Value(c, i); err != nil {
				return err
			}
		}
		return nil
	}
	mod.Directive(p+"cache_bypass", values)
	mod.Directive(p+"no_cache", values)
	mod.Partial("checked, but responses are not cached yet; a warning says so where one would be, see ADR 8", names...)
}

// cacheDirectives are those whose values mean nothing without a cache.
var cacheDirectives = map[string]func(*conf.Cmd) error{
	"cache_valid":             checkCacheValid,
	"cache_min_uses":          checkNumber,
	"cache_use_stale":         checkUseStale,
	"cache_methods":           checkMethods,
	"cache_lock":              checkFlag,
	"cache_lock_timeout":      checkTime,
	"cache_lock_age":          checkTime,
	"cache_revalidate":        checkFlag,
	"cache_convert_head":      checkFlag,
	"cache_background_update": checkFlag,
	"cache_max_range_offset":  checkOffset,
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
