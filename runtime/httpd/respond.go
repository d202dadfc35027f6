package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Respond sends status with a body, as the return directive does: a redirect
// code makes the text the Location. contentType nil means by extension.
func (r *Request) Respond(status Result, contentType, body []byte) Result {
	if rc := r.DiscardBody(); rc != OK {
		return rc
	}
	switch status {
	case 301, 302, 303, 307, 308:
		r.Out.Remove(h1.Location)
		r.Out.Add(h1.Location, header.Names[h1.Location], body)
		return status
	}
	r.Out.Status = int(status)
	if contentType != nil {
		r.Out.ContentType = contentType
		r.Out.CharsetSet = true
	} else {
		r.SetContentType()
	}
	return r.SendBody(body)
}

// FilterFinalize replaces the response a header filter is looking at by that
// of a code: what a filter returns to refuse it.
func (r *Request) FilterFinalize(code Result) Result {
	r.Out.Reset()
	clear(r.ctx)
	return code
}

// sendBare answers a handler that produced nothing.
func (r *Request) sendBare(rc Result) Result {
	if r.Out.Status == 0 {
		r.Out.Status = 200
		if rc > 0 {
			r.Out.Status = int(rc)
		}
	}
	if rc := r.SendHeader(); rc != OK || r.Proto.HeaderOnly {
		return doneIf(rc)
	}
	if err := r.Send(nil); err != nil {
		return Error
	}
	return Done
}

// OnClientBlocked makes fn be called, once, when a write to the client is about
// to wait because the client takes nothing more for now, or may have nothing more
// for now because of limit_rate; nil calls it off. fn
// runs on the request's goroutine and must not write to the client. It is not
// called where subrequests may be included: there the one whose turn it is
// writes, and the others wait.
func (r *Request) OnClientBlocked(fn func()) {
	if r.main.member != nil || r.mayInclude {
		return
	}
	r.carrier.OnBlocked(fn)
}

// Flush sends what waits to be sent.
func (r *Request) Flush() error {
	o := r.Piece()
	o.Flush = true
	return r.Output(o)
}

// AddTrailers has the hooks add their trailers, once the body is complete.
func (r *Request) AddTrailers() {
	if r.Proto.ExpectTrailers {
		for _, h := range r.loc.Plan.trailers {
			h(r)
		}
	}
}

// BodySent returns the body's share of the bytes sent.
func (r *Request) BodySent() int64 { return max(r.Proto.Sent-r.Proto.HeadSize, 0) }

// StatusCode returns the code to log: of an error, of the response, 9 for
// HTTP/0.9.
func (r *Request) StatusCode() int {
	switch {
	case r.errStatus != 0:
		return r.errStatus
	case r.Out.Status != 0:
		return r.Out.Status
	case r.Version == 9:
		return 9
	}
	return 0
}
