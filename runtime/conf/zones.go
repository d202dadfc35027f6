package conf

// sharedZone is a shared memory zone that was named. Here it is a name only:
// there is one process, and memory needs no reservation.
type sharedZone struct {
	size  int64 // in bytes; 0: not known yet
	owner string
}

// SharedZone declares the zone called name for the use of owner, a module. size is in
// bytes, 0 where the statement names a zone that another one sizes. As in nginx a
// zone has one owner and one size, which one of its statements has to name.
func (c *Cmd) SharedZone(name string, size int64, owner string) error {
	l := c.Loader
	zone, known := l.zones[name]
	switch {
	case !known:
		if l.zones == nil {
			l.zones = map[string]sharedZone{}
		}
		l.AfterSyntax(func() error {
			if l.zones[name].size == 0 {
				return plain(`zero size shared memory zone "` + name + `"`)
			}
			return nil
		})
	case zone.owner != owner:
		return c.Errorf(`the shared memory zone "%s" is already declared for a different use`, name)
	case zone.size != 0 && size != 0 && zone.size != size:
		return c.Errorf(`the size %d of shared memory zone "%s" conflicts with already declared size %d`, size, name, zone.size)
	case size == 0:
		size = zone.size
	}
	l.zones[name] = sharedZone{size, owner}
	return nil
}
