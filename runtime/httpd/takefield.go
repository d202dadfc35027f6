package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// TakeField adds a field of the header to the request: its protocol has read it. Host chooses the server, and a second one of some
// fields is refused.
func (r *Request) TakeField(f h1.Field) Result {
	switch f.ID {
	case h1.Host:
		if r.In.Has(h1.Host) {
			r.Logf(errlog.Info, nil, `client sent duplicate host header: "%s: %s", previous value: "%s: %s"`,
				f.Name, f.Value, header.Names[h1.Host], r.In.Get(h1.Host))
			return StatusBadRequest
		}
		r.In.Add(f)
		host, port, ok := h1.ValidateHost(r.Alloc(len(f.Value)), f.Value)
		if !ok {
			r.Logf(errlog.Info, nil, "client sent invalid host header")
			return StatusBadRequest
		}
		if r.Proto.Host != nil {
			return OK // the request line's host counts
		}
		r.Proto.Host, r.Proto.Port = host, port
		return r.ChooseServer(host)
	case h1.Connection:
		if t := h1.ConnectionOption(f.Value); t != h1.ConnectionUnset {
			r.In.Conn = t
		}
	case h1.UserAgent:
		r.In.Recognise(f.Value)
	case h1.IfModifiedSince, h1.IfUnmodifiedSince, h1.IfMatch, h1.IfNoneMatch, h1.ContentLength, h1.ContentRange,
		h1.IfRange, h1.TransferEncoding, h1.Expect, h1.Authorization, h1.ProxyAuthorization:
		if r.In.Has(f.ID) {
			r.Logf(errlog.Info, nil, `client sent duplicate header line: "%s: %s", previous value: "%s: %s"`,
				f.Name, f.Value, r.In.Field(f.ID).Name, r.In.Get(f.ID))
			r.In.Add(f) // an error page may pass it on
			return StatusBadRequest
		}
	}
	r.In.Add(f)
	return OK
}
