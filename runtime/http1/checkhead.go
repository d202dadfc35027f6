package http1

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// checkHead looks at the header as a whole: what makes a request ambiguous is
// refused here.
func checkHead(r *httpd.Request) httpd.Result {
	if r.Proto.Host == nil {
		if rc := r.ChooseServer(nil); rc != httpd.OK {
			return rc
		}
	}
	if !r.In.Has(h1.Host) && r.Version > 1000 {
		r.Logf(errlog.Info, nil, `client sent HTTP/1.1 request without "Host" header`)
		return httpd.StatusBadRequest
	}
	if r.In.Has(h1.ContentLength) {
		n, ok := h1.ParseContentLength(r.In.Get(h1.ContentLength))
		if !ok {
			r.Logf(errlog.Info, nil, `client sent invalid "Content-Length" header`)
			return httpd.StatusBadRequest
		}
		r.In.ContentLength = n
	}
	if r.In.Has(h1.TransferEncoding) {
		if rc := checkTransferEncoding(r); rc != httpd.OK {
			return rc
		}
	}
	switch {
	case r.Method == h1.Connect && (r.Version != 1001 || !r.Server().AllowConnect):
		r.Logf(errlog.Info, nil, "client sent CONNECT method")
		return httpd.StatusNotAllowed
	case r.Method == h1.Connect && (r.In.ContentLength > 0 || r.In.Chunked):
		r.Logf(errlog.Info, nil, "client sent CONNECT request with body")
		return httpd.StatusBadRequest
	case r.Method == h1.Trace:
		r.Logf(errlog.Info, nil, "client sent TRACE method")
		return httpd.StatusNotAllowed
	}
	return r.CheckTLS()
}

// checkTransferEncoding refuses what is not "chunked" alone, and a length beside it.
func checkTransferEncoding(r *httpd.Request) httpd.Result {
	te := r.In.Get(h1.TransferEncoding)
	switch {
	case r.Version < 1001:
		r.Logf(errlog.Info, nil, `client sent HTTP/1.0 request with "Transfer-Encoding" header`)
		return httpd.StatusBadRequest
	case !h1.EqualFold(te, "chunked"):
		r.Logf(errlog.Info, nil, `client sent unknown "Transfer-Encoding": "%s"`, te)
		return httpd.StatusNotImplemented
	case r.In.Has(h1.ContentLength):
		r.Logf(errlog.Info, nil, `client sent "Content-Length" and "Transfer-Encoding" headers at the same time`)
		return httpd.StatusBadRequest
	}
	r.In.Chunked = true
	return httpd.OK
}
