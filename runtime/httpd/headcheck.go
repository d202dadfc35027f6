package httpd

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// recognise finds the browsers that some work-arounds are about.
func recognise(ua []byte) (a agent) {
	if i := bytes.Index(ua, []byte("MSIE ")); i >= 0 && i+7 < len(ua) {
		a |= agentMSIE
		if ua[i+6] == '.' {
			switch ua[i+5] {
			case '4', '5':
				a |= agentMSIE6
			case '6':
				if !bytes.Contains(ua[i+8:], []byte("SV1")) {
					a |= agentMSIE6
				}
			}
		}
	}
	if bytes.Contains(ua, []byte("Opera")) {
		return a&^(agentMSIE|agentMSIE6) | agentOpera
	}
	if a&agentMSIE == 0 {
		switch {
		case bytes.Contains(ua, []byte("Gecko/")):
			a |= agentGecko
		case bytes.Contains(ua, []byte("Chrome/")):
			a |= agentChrome
		case bytes.Contains(ua, []byte("Safari/")) && bytes.Contains(ua, []byte("Mac OS X")):
			a |= agentSafari
		case bytes.Contains(ua, []byte("Konqueror")):
			a |= agentKonqueror
		}
	}
	return a
}

// checkHead looks at the header as a whole: what makes a request ambiguous is
// refused here.
func (r *Request) checkHead() Result {
	if r.name == nil {
		if rc := r.chooseServer(nil); rc != OK {
			return rc
		}
	}
	if !r.In.Has(h1.Host) && r.Version > 1000 {
		r.Logf(errlog.Info, nil, `client sent HTTP/1.1 request without "Host" header`)
		return StatusBadRequest
	}
	if r.In.Has(h1.ContentLength) {
		n, ok := h1.ParseContentLength(r.In.Get(h1.ContentLength))
		if !ok {
			r.Logf(errlog.Info, nil, `client sent invalid "Content-Length" header`)
			return StatusBadRequest
		}
		r.In.ContentLength = n
	}
	if r.In.Has(h1.TransferEncoding) {
		if rc := r.checkTransferEncoding(); rc != OK {
			return rc
		}
	}
	switch r.Method {
	case h1.Connect:
		r.Logf(errlog.Info, nil, "client sent CONNECT method")
		return StatusNotAllowed
	case h1.Trace:
		r.Logf(errlog.Info, nil, "client sent TRACE method")
		return StatusNotAllowed
	}
	return r.checkTLS()
}

func (r *Request) checkTransferEncoding() Result {
	te := r.In.Get(h1.TransferEncoding)
	switch {
	case r.Version < 1001:
		r.Logf(errlog.Info, nil, `client sent HTTP/1.0 request with "Transfer-Encoding" header`)
		return StatusBadRequest
	case !h1.EqualFold(te, "chunked"):
		r.Logf(errlog.Info, nil, `client sent unknown "Transfer-Encoding": "%s"`, te)
		return StatusNotImplemented
	case r.In.Has(h1.ContentLength):
		r.Logf(errlog.Info, nil, `client sent "Content-Length" and "Transfer-Encoding" headers at the same time`)
		return StatusBadRequest
	}
	r.In.Chunked = true
	return OK
}

// chooseServer picks the server block for a host name.
func (r *Request) chooseServer(host []byte) Result {
	names := r.listen.Names
	if names == nil {
		return OK
	}
	if r.sni.server != nil && r.sni.name != "" && string(host) == r.sni.name {
		if r.sni.regex != nil && !r.Match(r.sni.regex, host) {
			return StatusInternalServerError
		}
		return OK
	}
	srv, re, caps, ok := names.Lookup(host, r.captures)
	r.captures = caps
	if !ok && re != nil {
		return StatusInternalServerError
	}
	if r.sni.name != "" {
		if !ok {
			srv, ok = r.listen.Default, true
		}
		if srv.VerifyClient {
			r.Logf(errlog.Info, nil, "client attempted to request the server name different from the one that was negotiated")
			return StatusMisdirected
		}
	}
	if !ok {
		return OK
	}
	if re != nil {
		r.captureData = host
		r.setNamed(re)
	}
	r.srv, r.loc = srv, srv.Root
	r.setLog(r.loc.Log)
	return OK
}
