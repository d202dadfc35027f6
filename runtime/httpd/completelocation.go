package httpd

import (
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// CompleteLocation completes a Location of the response that is a path, by absolute_redirect,
// server_name_in_redirect and port_in_redirect. False: there is none to be completed.
func (r *Request) CompleteLocation() bool {
	h := r.Out.Find(h1.Location)
	if h == nil || h.Verbatim || len(h.Value) == 0 || h.Value[0] != '/' || !r.Location().Core.AbsoluteRedirect {
		return false
	}
	r.completeLocation(h)
	return true
}

// completeLocation makes the path h an absolute URL. Its frame is not to be that of each response (docs/adr/0048).
//
//go:noinline
func (r *Request) completeLocation(h *header.Field) {
	core := r.Location().Core
	name := r.Proto.Host
	switch {
	case core.ServerNameRedirect:
		name = append(r.Alloc(len(r.srv.Name))[:0], r.srv.Name...)
	case len(name) == 0:
		name = r.client.Socket.Local().AppendHost(r.Alloc(front.MaxHostText)[:0])
	}
	b := append(r.Alloc(len("https://:65535") + len(name) + len(h.Value))[:0], "http"...)
	usual := uint16(80)
	if r.client.TLS != nil {
		b, usual = append(b, 's'), 443
	}
	b = append(append(b, "://"...), name...)
	if port := r.client.Socket.Local().Port(); core.PortRedirect && port != 0 && port != usual {
		b = strconv.AppendInt(append(b, ':'), int64(port), 10)
	}
	h.Value = append(b, h.Value...)
	r.Proto.SentLocation = h.Value
}
