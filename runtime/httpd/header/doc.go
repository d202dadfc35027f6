// Package header holds the header of a request and that of a response as values: the
// fields by number and by name (in.go, out.go), the charset of a response (charset.go),
// the browsers that need work-arounds (agent.go), and the addresses in
// X-Forwarded-For (forwarded.go). It reads and writes no bytes of a protocol.
//
//	r.Out.Set(h1.ETag, tag)
//	if host := r.In.Get(h1.Host); host != nil {
package header
