package api

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/resource"
)

// statusZones goes on over a reload: the counts by kind and name.
const statusZones resource.Kind[*counters] = "status_zone"

// zone is a zone of status_zone.
type zone struct {
	name string
	*counters
}

// settings are the status_zone directives that hold in a block.
type settings struct {
	server   *zone
	location *zone
}

// bind binds status_zone.
func (m *loading) bind(s *settings, t *conf.Table) {
	t.Func("status_zone", func(c *conf.Cmd) error {
		name := c.Arg(0)
		server := c.Block.In(conf.Server)
		switch {
		case name == "":
			return c.Errorf(`invalid zone name "%s"`, name)
		case server:
			s.server = m.zone(&m.servers, "server ", name)
		case name == "off":
			s.location = nil
		default:
			s.location = m.zone(&m.locations, "location ", name)
		}
		return nil
	})
}

// zone returns the zone of a name in a list, which it is added to. Several blocks may
// share it.
func (m *loading) zone(list *[]*zone, kind, name string) *zone {
	for _, z := range *list {
		if z.name == name {
			return z
		}
	}
	z := &zone{name, statusZones.Take(m.b.Env.Resources, kind+name, newCounters)}
	*list = append(*list, z)
	return z
}

// plan adds what counts, to the locations where something is counted.
func (m *loading) plan(p *httpd.Plan) {
	s := m.section.Of(p.Block)
	if s.server != nil {
		z := s.server
		p.PostRead(func(r *httpd.Request) httpd.Result {
			begin(r, z)
			return httpd.Declined
		})
		p.Log(func(r *httpd.Request) httpd.Result {
			end(r, z)
			return httpd.OK
		})
	}
	if z := s.location; z != nil {
		p.Log(func(r *httpd.Request) httpd.Result {
			if r == r.Main() {
				n := z.of(r)
				n.requests.Add(1)
				n.end(r)
			}
			return httpd.OK
		})
	}
}

// begin counts a request in the zone of the server that it is for.
func begin(r *httpd.Request, z *zone) {
	if r != r.Main() || r.StatusZone != nil {
		return
	}
	r.StatusZone = z
	n := z.of(r)
	n.requests.Add(1)
	n.processing.Add(1)
}

// end counts what has become of it. One that has not come as far as begin, since its
// head was refused, is counted here.
func end(r *httpd.Request, z *zone) {
	if r != r.Main() {
		return
	}
	if begun, ok := r.StatusZone.(*zone); ok {
		z = begun
		z.of(r).processing.Add(-1)
	} else {
		z.of(r).requests.Add(1)
	}
	z.of(r).end(r)
}
