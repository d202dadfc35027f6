// Package flat holds large tables of texts in a few slices without pointers. A table with a million items, such as those of a
// map, takes little more memory than the bytes of the items, and the garbage collector does not scan it.
//
//	var m flat.Map
//	m.Add("example.com", 7) // true; false where the key is there already
//	m.Clip()                // no more is added
//	v, ok := m.Find(host)   // 7, true
//
// A table is built by one goroutine and is safe for concurrent use from then on. Items cannot be removed.
package flat
