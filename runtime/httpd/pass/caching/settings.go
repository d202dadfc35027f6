package caching

import (
	"bytes"
	"errors"

	"github.com/sluiceproxy/sluice/runtime/cache"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Settings are a block's directives about a cache, under the prefix of a *_pass module.
// Times are in milliseconds.
type Settings struct {
	use     conf.Slot[use]
	Key     *script.Value // nil: the module's own
	Valid   conf.List[Valid]
	MinUses int
	Methods conf.Slot[int] // of h1.Method
	// UseStale are the reasons to send a stale response, in the bits of the module's table.
	UseStale         conf.Slot[int]
	Bypass, NoCache  conf.List[*script.Value]
	MaxRangeOffset   int64 // -1: any
	LockTimeout      int64
	LockAge          int64
	Lock             bool
	Revalidate       bool
	ConvertHead      bool
	BackgroundUpdate bool
	// RFC9111: what RFC 9111 asks of a cache holds where nginx does otherwise.
	RFC9111 bool
	Purge   Purge

	paths *Paths
	path  *Path // of use, where its name is known; set by Finish
}

// use is *_cache.
type use struct {
	value *script.Value // nil: off
	zone  string        // its text, where it has no variables
}

// Defaults are nginx's; paths are the module's caches.
func Defaults(paths *Paths) Settings {
	return Settings{
		paths:   paths,
		MinUses: 1, MaxRangeOffset: -1, LockTimeout: 5000, LockAge: 5000, ConvertHead: true,
		Methods: conf.Slot[int]{V: int(h1.Get | h1.Head)},
	}
}

// methods are the words of *_cache_methods.
var methods = []conf.Choice{
	{Word: "GET", Value: int(h1.Get)},
	{Word: "HEAD", Value: int(h1.Head)},
	{Word: "POST", Value: int(h1.Post)},
}

// Table binds the directives under a prefix such as "proxy". stale are the words of
// *_cache_use_stale. begin is called when a block gets a cache, and may refuse it. own makes the handler of a location that does nothing but purge.
func (s *Settings) Table(b *httpd.Builder, t *conf.Table, prefix string, stale []conf.Choice, begin func(c *conf.Cmd) error, own func(p Purge) httpd.Handler) {
	p, paths := prefix+"_cache", s.paths
	t.Func(p, func(c *conf.Cmd) error { return s.setUse(b, c, begin) })
	b.BindValue(t, p+"_key", &s.Key)
	t.Func(p+"_valid", s.setValid)
	t.Num(p+"_min_uses", &s.MinUses)
	t.Bitmask(p+"_methods", &s.Methods, methods)
	t.Bitmask(p+"_use_stale", &s.UseStale, stale)
	values := func(list *conf.List[*script.Value]) func(*conf.Cmd) error {
		return func(c *conf.Cmd) error {
			for i := range c.Args {
				v, err := b.Value(c, i)
				if err != nil {
					return err
				}
				list.Add(c.Block, v)
			}
			return nil
		}
	}
	t.Func(p+"_bypass", values(&s.Bypass))
	t.Func(prefix+"_no_cache", values(&s.NoCache))
	t.Flag(p+"_lock", &s.Lock)
	t.Msec(p+"_lock_timeout", &s.LockTimeout)
	t.Msec(p+"_lock_age", &s.LockAge)
	t.Flag(p+"_revalidate", &s.Revalidate)
	t.Flag(p+"_background_update", &s.BackgroundUpdate)
	t.Flag(p+"_rfc9111", &s.RFC9111)
	if paths.ConvertHead {
		t.Flag(p+"_convert_head", &s.ConvertHead)
	}
	t.Func(p+"_max_range_offset", func(c *conf.Cmd) error {
		n, ok := conf.ParseOffset(c.Arg(0))
		if !ok {
			return c.Bad("invalid value")
		}
		s.MaxRangeOffset = n
		return nil
	})
	t.Func(p+"_purge", func(c *conf.Cmd) error {
		err := s.Purge.set(b, c, paths)
		if err == nil && s.Purge.Own() {
			b.SetContent(c, own(s.Purge))
		}
		return err
	})
}

// setUse reads *_cache.
func (s *Settings) setUse(b *httpd.Builder, c *conf.Cmd, begin func(c *conf.Cmd) error) error {
	if c.Arg(0) == "off" {
		s.use.Set(c.Block, use{})
		return nil
	}
	if err := begin(c); err != nil {
		return err
	}
	v, err := b.Value(c, 0)
	if err != nil {
		return err
	}
	u := use{value: v}
	if name, static := v.Static(); static {
		u.zone = string(name)
		if err := c.SharedZone(u.zone, 0, s.paths.owner); err != nil {
			return err
		}
	}
	s.use.Set(c.Block, u)
	return nil
}

// SetAt reports whether the block itself has a *_cache other than off.
func (s *Settings) SetAt(b *conf.Block) bool { return s.On() && s.use.SetAt(b) }

// TurnOff takes the cache from a block.
func (s *Settings) TurnOff(b *conf.Block) { s.use.Set(b, use{}) }

// On reports whether responses may be cached.
func (s *Settings) On() bool { return s.use.V.value != nil }

// Path returns the cache of a block whose *_cache has no variables, nil for others.
func (s *Settings) Path() *Path { return s.path }

// Finish checks the settings of a block and derives what is used at run time. off is the
// word "off" of *_cache_use_stale.
func (s *Settings) Finish(prefix string, off int) error {
	s.path = nil
	if s.paths == nil {
		return nil // the module has no caches
	}
	if u := &s.use.V; u.value != nil {
		if _, static := u.value.Static(); static {
			if s.path = s.paths.byName[u.zone]; s.path == nil {
				return errors.New(`"` + prefix + `_cache" zone "` + u.zone + `" is unknown`)
			}
			s.path.used = true
		} else {
			s.paths.dynamic = true
		}
	}
	if s.On() && s.Key == nil && !s.paths.OwnKey {
		s.paths.Warnf(`no "%s_cache_key" for "%s_cache"`, prefix, prefix)
	}
	if s.UseStale.V&off != 0 {
		s.UseStale.V = off
	}
	s.Methods.V |= int(h1.Get | h1.Head)
	if s.RFC9111 {
		s.Revalidate = true // what is stored may have to be validated each time
	}
	return nil
}

// ZoneFor returns the cache for a request. nil: it has none; a second value of false says
// that there is none with the name, which is logged.
func (s *Settings) ZoneFor(r *httpd.Request) (zone *cache.Zone, ok bool) {
	if s.path != nil {
		return s.path.Zone, true
	}
	name := s.use.V.value.Eval(r)
	if len(name) == 0 || bytes.Equal(name, off) {
		return nil, true
	}
	if p := s.paths.byName[string(name)]; p != nil {
		return p.Zone, true
	}
	r.Errorf(nil, `cache "%s" not found`, name)
	return nil, false
}

// Zone is the name of the cache for a request that is explained, "" for none.
func (s *Settings) Zone(r *httpd.Request) string {
	if s.path != nil {
		return s.path.Name
	}
	if name := s.use.V.value.Eval(r); !bytes.Equal(name, off) {
		return string(name)
	}
	return ""
}

var off = []byte("off")

// AnySet reports whether one of the values is neither empty nor "0": the test of
// *_cache_bypass and *_no_cache.
func AnySet(r *httpd.Request, values []*script.Value) bool {
	for _, v := range values {
		if b := v.Eval(r); len(b) > 0 && (len(b) != 1 || b[0] != '0') {
			return true
		}
	}
	return false
}
