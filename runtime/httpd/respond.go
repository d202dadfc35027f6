package httpd

import "github.com/sluiceproxy/sluice/runtime/wire/h1"

// Respond sends status with a body, as the return directive does: a redirect
// code makes the text the Location. contentType nil means by extension.
func (r *Request) Respond(status Result, contentType, body []byte) Result {
	if rc := r.DiscardBody(); rc != OK {
		return rc
	}
	switch status {
	case 301, 302, 303, 307, 308:
		r.Out.Remove(h1.Location)
		r.Out.Add(h1.Location, names[h1.Location], body)
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
	if rc := r.SendHeader(); rc != OK || r.headerOnly {
		return doneIf(rc)
	}
	if err := r.Send(nil); err != nil {
		return Error
	}
	return Done
}
