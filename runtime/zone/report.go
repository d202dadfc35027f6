package zone

import "sync/atomic"

// Outcomes count what a limit has done with requests.
type Outcomes struct {
	Passed, Delayed, Rejected, DelayedDryRun, RejectedDryRun atomic.Uint64
}

// Reset sets all counts to 0.
func (o *Outcomes) Reset() {
	for _, n := range []*atomic.Uint64{&o.Passed, &o.Delayed, &o.Rejected, &o.DelayedDryRun, &o.RejectedDryRun} {
		n.Store(0)
	}
}

// Info is what a zone tells of itself.
type Info struct {
	Name     string
	Pages    func() (used, free int64) // nil where they are not counted
	Outcomes *Outcomes                 // of a limit
}

// Registry is the zones of one configuration, by what they are for: "limit_req". It is
// complete when the configuration is loaded.
type Registry struct{ byKind map[string][]Info }

// Add adds zones.
func (r *Registry) Add(kind string, list []Info) {
	if r.byKind == nil {
		r.byKind = map[string][]Info{}
	}
	r.byKind[kind] = append(r.byKind[kind], list...)
}

// Of returns the zones of a kind.
func (r *Registry) Of(kind string) []Info { return r.byKind[kind] }

// Pages tells in pages how many bytes of a zone's room are used and left.
func Pages(room, left int64) (used, free int64) {
	free = max(left, 0) / page
	return room/page - free, free
}

// Infos describe the zones of the set, once it is complete.
func (s *Set[T]) Infos() (list []Info) {
	for _, z := range s.zones {
		if z.Table == nil {
			continue
		}
		list = append(list, Info{z.Name, z.Table.pages, z.Outcomes})
	}
	return list
}

func (t *Table[T]) pages() (used, free int64) {
	t.Lock()
	defer t.Unlock()
	return Pages(t.whole, t.room)
}
