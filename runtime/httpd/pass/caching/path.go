package caching

import (
	"github.com/sluiceproxy/sluice/runtime/cache"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Path is a *_cache_path: a folder with responses, and the zone with what is known of them.
type Path struct {
	Name    string
	Options cache.Options
	Zone    *cache.Zone

	used bool // a *_cache names it
	at   string
}

// Paths are the caches of one module.
type Paths struct {
	// ConvertHead: the module has the directive *_cache_convert_head.
	ConvertHead bool
	// OwnKey: the module has a key where *_cache_key is not given.
	OwnKey bool
	// Warnf prints a warning about the block that is being finished.
	Warnf func(format string, args ...any)

	owner   string // whose zones they are
	byName  map[string]*Path
	list    []*Path
	dynamic bool // a *_cache has variables
}

// NewPaths returns those of the module with a name.
func NewPaths(owner string) *Paths { return &Paths{owner: owner, byName: map[string]*Path{}} }

// List returns the caches in the order of the configuration.
func (p *Paths) List() []*Path { return p.list }

// Find returns the cache with a name, nil for none.
func (p *Paths) Find(name string) *Path { return p.byName[name] }

// Set reads *_cache_path.
func (p *Paths) Set(c *conf.Cmd) error {
	name, o, err := cache.ParsePath(c, p.owner)
	if err != nil {
		return err
	}
	if p.byName[name] != nil {
		return c.Errorf(`duplicate zone "%s"`, name)
	}
	n := &Path{Name: name, Options: o, at: c.At()}
	p.byName[name] = n
	p.list = append(p.list, n)
	return nil
}

// Complete makes the zones, once the configuration is read.
func (p *Paths) Complete(b *httpd.Builder) error {
	for _, n := range p.list {
		zone, err := cache.Take(b.Env.Resources, n.Name, n.Options)
		if err != nil {
			return conf.Unlocated(err.Error())
		}
		n.Zone = zone
		all := Zones(b)
		*all = append(*all, zone)
		b.Start(func(*httpd.Config) error {
			zone.Start(n.Options)
			return nil
		})
	}
	return nil
}

type zonesKey struct{}

// Zones is the list of the zones of all modules, complete when the configuration is
// loaded.
func Zones(b *httpd.Builder) *[]*cache.Zone {
	return b.Shared(zonesKey{}, func() any { return new([]*cache.Zone) }).(*[]*cache.Zone)
}

// Unused returns where the caches stand that no *_cache names.
func (p *Paths) Unused() (list []*Path) {
	for _, n := range p.list {
		if !n.used && !p.dynamic {
			list = append(list, n)
		}
	}
	return list
}
