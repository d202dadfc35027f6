package pairs

import (
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/resource"
	"github.com/sluiceproxy/sluice/runtime/zone"
)

// Zones are what the keyval_zone directives of one protocol declare in one load.
type Zones struct {
	module string // nginx's name of the owner
	list   []*Zone
}

// Zone is one of them.
type Zone struct {
	Options
	Store *Store // nil before Complete

	declared bool
}

// NewZones returns an empty list for a module.
func NewZones(module string) *Zones { return &Zones{module: module} }

// List returns the zones in the order in which they were first named.
func (z *Zones) List() []*Zone { return z.list }

// Find returns the zone of a name, nil without one.
func (z *Zones) Find(name string) *Zone {
	for _, o := range z.list {
		if o.Name == name {
			return o
		}
	}
	return nil
}

// Named returns the zone that a parameter zone=NAME names, which may be declared
// later.
func (z *Zones) Named(c *conf.Cmd, param string) (*Zone, error) {
	name, ok := strings.CutPrefix(param, "zone=")
	switch {
	case !ok:
		return nil, c.Errorf(`invalid parameter "%s"`, param)
	case name == "":
		return nil, c.Errorf(`invalid zone name "%s"`, param)
	}
	return z.named(c, name, 0)
}

func (z *Zones) named(c *conf.Cmd, name string, size int64) (*Zone, error) {
	if err := c.SharedZone(name, size, z.module); err != nil {
		return nil, err
	}
	o := z.Find(name)
	if o == nil {
		o = &Zone{Options: Options{Name: name}}
		z.list = append(z.list, o)
	}
	return o, nil
}

// Declare reads keyval_zone.
func (z *Zones) Declare(c *conf.Cmd) error {
	var o Options
	sync := false
	for _, a := range c.Args {
		_, text, _ := strings.Cut(a.Value, "=")
		var err error
		switch {
		case strings.HasPrefix(a.Value, "zone="):
			o.Name, o.Size, err = zone.ParseParam(c, a.Value)
		case strings.HasPrefix(a.Value, "state="):
			o.State, err = z.state(c, a.Value, text)
		case strings.HasPrefix(a.Value, "timeout="):
			ms, ok := conf.ParseMsec(text)
			if o.Timeout = time.Duration(ms) * time.Millisecond; !ok || ms == 0 {
				err = c.Errorf(`invalid timeout value "%s"`, a.Value)
			}
		case strings.HasPrefix(a.Value, "type="):
			var ok bool
			if o.Type, ok = ParseType(text); !ok {
				err = c.Errorf(`invalid type "%s"`, a.Value)
			}
		case a.Value == "sync":
			sync = true
		default:
			err = c.Errorf(`invalid parameter "%s"`, a.Value)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case o.Name == "":
		return c.Errorf(`"%s" must have "zone" parameter`, c.Name.Value)
	case sync && o.Timeout == 0:
		return c.Errorf(`"sync" requires "timeout" parameter`)
	case sync:
		return c.Errorf(`"sync" parameter is known to nginx but not supported here`)
	}
	return z.declare(c, o)
}

// state reads state=FILE.
func (z *Zones) state(c *conf.Cmd, param, text string) (string, error) {
	if text == "" {
		return "", c.Errorf(`invalid state value "%s"`, param)
	}
	path := c.Loader.FullPath(text)
	for _, other := range z.list {
		if other.State == path {
			return "", c.Errorf(`the state file "%s" is already used by keyval zone "%s"`, path, other.Name)
		}
	}
	return path, nil
}

func (z *Zones) declare(c *conf.Cmd, o Options) error {
	n, err := z.named(c, o.Name, o.Size)
	switch {
	case err != nil:
		return err
	case n.declared:
		return c.Errorf(`duplicate zone "%s"`, o.Name)
	}
	n.Options, n.declared = o, true
	return nil
}

// Complete gives every zone its store: that of the running configuration where it
// has one of the same name. Then the zone may have another size, type, timeout or
// file, which the store takes over in Begin.
func (z *Zones) Complete(resources *resource.Set) {
	for _, o := range z.list {
		o.Store = resource.Kind[*Store](z.module).Take(resources, o.Name, NewStore)
	}
}

// Begin is called when the configuration is about to serve.
func (z *Zones) Begin(log *errlog.Logger) error {
	for _, o := range z.list {
		o.Log = log
		if err := o.Store.Begin(o.Options); err != nil {
			return err
		}
	}
	return nil
}

// Inspect fills the stores for a configuration that is to be explained, as far as
// their state files can be read. The files are not written.
func (z *Zones) Inspect() {
	for _, o := range z.list {
		opt := o.Options
		_ = o.Store.Begin(opt)
		opt.State = ""
		_ = o.Store.Begin(opt)
	}
}

// Infos describe the zones, once they are complete.
func (z *Zones) Infos() (list []zone.Info) {
	for _, o := range z.list {
		list = append(list, zone.Info{Name: o.Name, Pages: o.Store.pages})
	}
	return list
}

func (s *Store) pages() (used, free int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.purge()
	return zone.Pages(zone.Room(s.opt.Size), s.room)
}
