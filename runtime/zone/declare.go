package zone

import (
	"os"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/resource"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// minPages is the smallest size of a zone.
const minPages = 8

// ParseParam reads the parameter zone=name:size.
func ParseParam(c *conf.Cmd, param string) (name string, size int64, err error) {
	name, text, found := strings.Cut(strings.TrimPrefix(param, "zone="), ":")
	size, ok := conf.ParseSize(text)
	switch {
	case !found || !ok:
		return "", 0, c.Errorf(`invalid zone size "%s"`, param)
	case size < int64(minPages*os.Getpagesize()):
		return "", 0, c.Errorf(`zone "%s" is too small`, param)
	}
	return name, size, nil
}

// Set is the zones that the directives of one module declare and use in one
// load: `limit_req_zone KEY zone=NAME:SIZE` and `limit_req zone=NAME`.
type Set[T any] struct {
	module    string // nginx's name of the owner
	entrySize int
	zones     []*Zone[T] // in the order in which they were first named
}

// Zone is a table with what it was declared with.
type Zone[T any] struct {
	Name      string
	Key       *script.Value // nil before it is declared
	Rate      int64         // requests in 1000 seconds, of limit_req_zone
	Table     *Table[T]     // nil before Complete
	*Outcomes               // the same

	size int64
}

// NewSet returns a set for a module whose entries take entrySize bytes each in
// nginx, besides the key.
func NewSet[T any](module string, entrySize int) *Set[T] {
	return &Set[T]{module: module, entrySize: entrySize}
}

// Named returns the zone of a name, which may be used before it is declared.
func (s *Set[T]) Named(c *conf.Cmd, name string) (*Zone[T], error) { return s.named(c, name, 0) }

func (s *Set[T]) named(c *conf.Cmd, name string, size int64) (*Zone[T], error) {
	if err := c.SharedZone(name, size, s.module); err != nil {
		return nil, err
	}
	for _, z := range s.zones {
		if z.Name == name {
			return z, nil
		}
	}
	z := &Zone[T]{Name: name}
	s.zones = append(s.zones, z)
	return z, nil
}

// Declare reads KEY zone=NAME:SIZE and whatever else param knows: it reports
// whether it has read a parameter.
func (s *Set[T]) Declare(c *conf.Cmd, key *script.Value, param func(text string) (bool, error)) (*Zone[T], error) {
	name, size := "", int64(0)
	for _, a := range c.Args[1:] {
		var err error
		known := strings.HasPrefix(a.Value, "zone=")
		if known {
			name, size, err = ParseParam(c, a.Value)
		} else {
			known, err = param(a.Value)
		}
		switch {
		case err != nil:
			return nil, err
		case !known:
			return nil, c.Errorf(`invalid parameter "%s"`, a.Value)
		}
	}
	if name == "" {
		return nil, c.Errorf(`"%s" must have "zone" parameter`, c.Name.Value)
	}
	z, err := s.named(c, name, size)
	switch {
	case err != nil:
		return nil, err
	case z.Key != nil:
		return nil, c.Errorf(`%s "%s" is already bound to key "%s"`, c.Name.Value, name, z.Key.Text())
	}
	z.Key, z.size = key, size
	return z, nil
}

// kept is a table that goes from one configuration to the next.
type kept[T any] struct {
	key   string
	table *Table[T]
	*Outcomes
}

// KeyChanged is the refusal of a zone that has another key than in the running
// configuration. Directive is what nginx calls it by.
type KeyChanged struct{ Directive, Zone, Key, Previous string }

// Error is nginx's message.
func (e *KeyChanged) Error() string {
	return conf.Sprintf(`%s "%s" uses the "%s" key while previously it used the "%s" key`, e.Directive, e.Zone, e.Key, e.Previous)
}

// Complete gives every declared zone its table: that of the running
// configuration where that has one of the same name and size, else an empty
// one. Those that were not declared are refused elsewhere. The error is a
// *KeyChanged.
func (s *Set[T]) Complete(directive string, resources *resource.Set) error {
	for _, z := range s.zones {
		if z.Key == nil {
			continue
		}
		tables := resource.Kind[*kept[T]](s.module)
		k := tables.Take(resources, conf.Sprintf("%s:%d", z.Name, z.size), func() *kept[T] {
			return &kept[T]{z.Key.Text(), New[T](z.size, s.entrySize), new(Outcomes)}
		})
		z.Table, z.Outcomes = k.table, k.Outcomes
		if k.key != z.Key.Text() {
			return &KeyChanged{directive, z.Name, z.Key.Text(), k.key}
		}
	}
	return nil
}
