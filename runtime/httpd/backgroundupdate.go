package httpd

import "github.com/sluiceproxy/sluice/runtime/wire/h1"

// Again has the content handler of r's location answer r once more beside it, as a
// subrequest of a copy, on a goroutine of its own; what it answers is dropped. The request
// body must have been read. It is for a module that updates what it has kept of an earlier
// response: the module gets tag by AgainFor, and tag's End is called when the copy is
// finished, however that ends. False: the copy cannot be made, or maxBeside requests work
// for the connection already; then End is not called.
func (r *Request) Again(tag Ender) bool {
	if !r.beside(false) {
		return false
	}
	m := r.detach(true)
	if m == nil {
		return false
	}
	m.loc, m.validLocation, m.Proto.EncodedURI = r.loc, r.validLocation, r.Proto.EncodedURI
	m.Proto.ValidUnparsed = r.Proto.ValidUnparsed
	go m.runAgain(tag, r.Method, m.dup(r.MethodStr))
	return true
}

// runAgain runs a copy that detach made, as a request with a method, and gives it back.
func (r *Request) runAgain(tag Ender, method h1.Method, methodStr []byte) {
	defer tag.End()
	r.step(func() {
		s := r.child(r.URI, r.Args, SubOptions{Background: true, HeaderOnly: true, Clone: true})
		defer s.Release()
		defer s.Recovered()
		s.again, s.Method, s.MethodStr = tag, method, methodStr
		s.Finalize(s.runContent())
		if s.loc.Core.LogSubrequest {
			s.LogRequest()
		}
	})
	r.endCopy()
}

// AgainFor returns what Again was given for this request, nil for others.
func (r *Request) AgainFor() Ender { return r.again }

// InBackground reports whether the request is a subrequest whose output is dropped.
func (r *Request) InBackground() bool { return r.background }
