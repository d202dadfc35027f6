// Package pairs keeps key-value pairs in a bounded amount of memory: what the
// zones of keyval_zone hold. The modules keyval and api use the same stores.
//
//	s := pairs.NewStore()
//	err := s.Begin(pairs.Options{Size: 1 << 20, Timeout: time.Hour, State: "/var/lib/one.keyval"})
//	err = s.Add("key", "value", 0)
//	value, ok := s.Get([]byte("key"))
//
// A look-up takes no lock and allocates nothing. Writers hold a lock and publish each
// change by one atomic store. The size of a pair is counted as in package zone.
//
// A store with a state file writes it within a second of a change, to a temporary
// file that is renamed, so the state file is complete at every time. It is an object of
// JSON, a member for each pair:
//
//	{
//	"key": "value",
//	"other": {"value": "text", "expires": 1795358155123}
//	}
//
// expires is a wall clock time in milliseconds, of pairs of a zone with a
// timeout. A key or a value that is not UTF-8 is refused, because JSON has no
// form for it.
package pairs
