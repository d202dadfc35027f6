// Package flat holds large tables of texts in a few slices without pointers: what a configuration has a million of, such as
// the items of a map, costs its bytes and little more, and the garbage collector has nothing to follow.
//
//	var m flat.Map
//	m.Add("example.com", 7) // true; false where the key is there already
//	m.Clip()                // no more is added
//	v, ok := m.Find(host)   // 7, true
//
// A table is built by one goroutine and is safe for concurrent use from then on. Nothing is ever taken out.
package flat
