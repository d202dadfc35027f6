package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// TakeTarget takes the URI, the arguments and the target as sent from Line: its protocol has
// parsed it.
func (r *Request) TakeTarget() Result {
	l := &r.Line
	r.Proto.EncodedURI = l.Quoted || l.PlusInURI
	if l.NeedsNormalization() {
		var p h1.Path
		if st := h1.NormalizePath(r.Alloc(len(l.Target)+1), l.Target, r.Server().Conf.MergeSlashes, &p); st != h1.OK {
			r.URI = l.Target[:0] // known, and empty
			r.Logf(errlog.Info, nil, "client sent invalid request")
			return StatusBadRequest
		}
		r.URI, r.Args = p.Path, p.Args
		r.Proto.EncodedURI = r.Proto.EncodedURI || p.Quoted || p.PlusInURI
	} else {
		r.URI, r.Args = l.Path, l.Args
	}
	if r.Unparsed = l.Target; len(r.Args) == 0 {
		r.Args = nil // a question mark alone
	}
	return OK
}
